-- Rows of the trail are found by the name of their target: whoever asks may not know an id.
CREATE INDEX audit_target_name ON audit (tenant_id, target_name, place);
