SELECT CASE status WHEN 'on' THEN 1 WHEN 'off' THEN 0 ELSE NULL END AS state.on, CAST(level AS Decimal) FROM 'lab/+/lamp'
