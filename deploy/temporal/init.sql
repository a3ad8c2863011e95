-- Run once, by root, when the volume is empty: the second database of Temporal, for the account of the first.
CREATE DATABASE temporal_visibility CHARACTER SET utf8mb4;
GRANT ALL ON temporal_visibility.* TO 'temporal'@'%';
