-- The program that uses a forward which was made for one connection: it may outlive the process that would remove the forward.
-- NULL before it was started. It is a process of the same host and boot as the owner.
ALTER TABLE lab_temporary ADD COLUMN program_pid   INTEGER;
ALTER TABLE lab_temporary ADD COLUMN program_start TEXT;
