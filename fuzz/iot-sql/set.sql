SET @kelvin = celsius + 273.15, @limit = 300, @both = [@kelvin, @limit]
SELECT @kelvin AS k, get(@both, 1) AS l FROM 'lab/temp' WHERE NOT (@kelvin <= @limit OR isUndefined(celsius))
