SELECT 'it''s' + "say ""yes""" AS s, {'a.b': [1, 2.50, -3E-4, {}]} AS o, get(*, "a-b") AS h FROM "it's/+"
