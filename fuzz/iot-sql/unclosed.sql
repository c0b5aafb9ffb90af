SELECT regexp_replace(name, '(\w+', "$1 FROM 'a'
