SELECT get_or_default(get_thing_shadow(topic(2), 'arn:aws:iam::1:role/r').state, 'none') AS s, decode(d, 'base64').t FROM '$aws/things/+/x' WHERE clientid() IN ['a', 'b']
