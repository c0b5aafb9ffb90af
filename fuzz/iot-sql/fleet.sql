SELECT *, topic(3) AS deviceId, timestamp() AS receivedAt FROM 'fleet/+/+/telemetry' WHERE eventType = 'temperature' AND payload.value > 30.5
