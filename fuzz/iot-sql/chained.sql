SELECT * FROM 'a' WHERE 1 < temperature < 3
