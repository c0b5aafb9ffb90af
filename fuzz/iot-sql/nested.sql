SELECT VALUE (SELECT e.name AS n, (SELECT VALUE * FROM e.values WHERE * > 1) AS v FROM sensors AS e WHERE exists (SELECT * FROM e.tags AS t WHERE t = 'outside')) FROM '#'
