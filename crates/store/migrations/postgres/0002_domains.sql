-- The domains of verified senders, as the operator names them: when each is looked up in DNS again, and when its record was found
-- last. One that is claimed is due when its claim is over.
CREATE TABLE domain (
    domain TEXT NOT NULL PRIMARY KEY,
    due    BIGINT NOT NULL,
    proved BIGINT
);
