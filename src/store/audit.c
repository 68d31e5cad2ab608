/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/audit.h"

#include "store/text.h"

#include <sodium.h>

_Static_assert(AUDIT_HASH_BYTES == crypto_generichash_BYTES, "BLAKE2b-256");

const struct db_migration audit_migrations[AUDIT_MIGRATIONS] = {
	{ 100, "audit",
		"CREATE TABLE audit ("
		" sequence BIGINT PRIMARY KEY,"
		" time BIGINT NOT NULL,"
		" actor TEXT NOT NULL,"
		" action TEXT NOT NULL,"
		" subject TEXT NOT NULL,"
		" detail TEXT NOT NULL,"
		" previous_hash BYTEA NOT NULL,"
		" hash BYTEA NOT NULL);"
		"CREATE TABLE audit_head ("
		" id BIGINT PRIMARY KEY,"
		" sequence BIGINT NOT NULL,"
		" hash BYTEA NOT NULL)" },
};

static void put_number(struct buf *out, uint64_t value)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		buf_byte(out, (char)(value >> shift));
}

/* Each member behind its length, so that no two entries have the same bytes. */
static void put_text(struct buf *out, struct str text)
{
	put_number(out, text.n);
	buf_str(out, text);
}

static void entry_hash(const struct audit_entry *entry, const uint8_t previous[AUDIT_HASH_BYTES],
	uint8_t out[AUDIT_HASH_BYTES])
{
	CLEANUP(buf_done) struct buf bytes = { 0 };

	buf_put(&bytes, previous, AUDIT_HASH_BYTES);
	put_number(&bytes, (uint64_t)entry->sequence);
	put_number(&bytes, (uint64_t)entry->time_s);
	put_text(&bytes, entry->actor);
	put_text(&bytes, entry->action);
	put_text(&bytes, entry->subject);
	put_text(&bytes, entry->detail);
	must(crypto_generichash(
		     out, AUDIT_HASH_BYTES, (const uint8_t *)bytes.data, bytes.n, NULL, 0) == 0);
}

static struct str hash_text(const uint8_t hash[AUDIT_HASH_BYTES])
{
	return str_from((const char *)hash, AUDIT_HASH_BYTES);
}

/* The newest entry's number and hash; 0 and zeroes while there is none. */
static enum err head_read(
	struct db *db, int64_t *sequence, uint8_t hash[AUDIT_HASH_BYTES], struct why *why)
{
	static const char sql[] = "SELECT sequence, hash FROM audit_head WHERE id = 1";
	CLEANUP(db_finish) struct db_statement *read = NULL;
	bool row;

	*sequence = 0;
	memset(hash, 0, AUDIT_HASH_BYTES);
	TRY(db_prepare(db, sql, &read, why));
	TRY(db_step(read, &row, why));
	if (!row)
		return OK;
	*sequence = db_column_i64(read, 0);
	if (db_column_bytes(read, 1).n != AUDIT_HASH_BYTES)
		return fail(why, ERR_CORRUPT, "the audit trail's head holds no hash");
	memcpy(hash, db_column_bytes(read, 1).p, AUDIT_HASH_BYTES);
	return OK;
}

static enum err head_write(
	struct db *db, int64_t sequence, const uint8_t hash[AUDIT_HASH_BYTES], struct why *why)
{
	static const char sql[] = "INSERT INTO audit_head (id, sequence, hash) VALUES (1, $1, $2) "
				  "ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence,"
				  " hash = excluded.hash";
	CLEANUP(db_finish) struct db_statement *write = NULL;

	TRY(db_prepare(db, sql, &write, why));
	db_bind_i64(write, 1, sequence);
	db_bind_bytes(write, 2, hash_text(hash));
	return db_run(write, NULL, why);
}

static enum err entry_write(struct db *db, const struct audit_entry *entry,
	const uint8_t previous[AUDIT_HASH_BYTES], struct why *why)
{
	static const char sql[] =
		"INSERT INTO audit (sequence, time, actor, action, subject, detail,"
		" previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
	CLEANUP(db_finish) struct db_statement *write = NULL;

	TRY(db_prepare(db, sql, &write, why));
	db_bind_i64(write, 1, entry->sequence);
	db_bind_i64(write, 2, entry->time_s);
	db_bind_text(write, 3, entry->actor);
	db_bind_text(write, 4, entry->action);
	db_bind_text(write, 5, entry->subject);
	db_bind_text(write, 6, entry->detail);
	db_bind_bytes(write, 7, hash_text(previous));
	db_bind_bytes(write, 8, hash_text(entry->hash));
	return db_run(write, NULL, why);
}

/* A copy of text that the store takes, in the buffer that the caller keeps. */
static struct str mended(struct buf *room, struct str text)
{
	text_mend(room, text);
	return buf_view(room);
}

enum err audit_append(struct db *db, const struct audit_entry *entry, struct why *why)
{
	CLEANUP(buf_done) struct buf actor = { 0 };
	CLEANUP(buf_done) struct buf action = { 0 };
	CLEANUP(buf_done) struct buf subject = { 0 };
	CLEANUP(buf_done) struct buf detail = { 0 };
	uint8_t previous[AUDIT_HASH_BYTES];
	struct audit_entry stored = {
		.time_s = entry->time_s,
		.actor = mended(&actor, entry->actor),
		.action = mended(&action, entry->action),
		.subject = mended(&subject, entry->subject),
		.detail = mended(&detail, entry->detail),
	};

	TRY(head_read(db, &stored.sequence, previous, why));
	stored.sequence++;
	entry_hash(&stored, previous, stored.hash);
	TRY(entry_write(db, &stored, previous, why));
	return head_write(db, stored.sequence, stored.hash, why);
}

static const char read_sql[] =
	"SELECT sequence, time, actor, action, subject, detail, hash, previous_hash FROM audit "
	"WHERE sequence > $1 ORDER BY sequence LIMIT $2";

/* False when the stored hash has another length, which no entry of ours has. */
static bool entry_of(const struct db_statement *read, struct audit_entry *out)
{
	struct str hash = db_column_bytes(read, 6);

	*out = (struct audit_entry){
		.sequence = db_column_i64(read, 0),
		.time_s = db_column_i64(read, 1),
		.actor = db_column_text(read, 2),
		.action = db_column_text(read, 3),
		.subject = db_column_text(read, 4),
		.detail = db_column_text(read, 5),
	};
	if (hash.n != AUDIT_HASH_BYTES)
		return false;
	memcpy(out->hash, hash.p, sizeof out->hash);
	return true;
}

/* Does the entry follow number n, whose hash is previous? Then n and previous become its own. */
static enum err entry_check(const struct db_statement *read, uint64_t *n,
	uint8_t previous[AUDIT_HASH_BYTES], struct why *why)
{
	struct audit_entry entry;
	uint8_t expected[AUDIT_HASH_BYTES];
	bool is_whole = entry_of(read, &entry);

	(*n)++;
	if (entry.sequence != (int64_t)*n)
		return fail(why, ERR_CORRUPT, "entry %llu of the audit trail is missing",
			(unsigned long long)*n);
	if (!str_eq(db_column_bytes(read, 7), hash_text(previous)))
		return fail(why, ERR_CORRUPT,
			"entry %llu of the audit trail does not follow the one before",
			(unsigned long long)*n);
	entry_hash(&entry, previous, expected);
	if (!is_whole || memcmp(expected, entry.hash, sizeof expected) != 0)
		return fail(why, ERR_CORRUPT, "entry %llu of the audit trail was altered",
			(unsigned long long)*n);
	memcpy(previous, expected, AUDIT_HASH_BYTES);
	return OK;
}

static enum err chain_check(
	struct db *db, uint64_t *count, uint8_t head[AUDIT_HASH_BYTES], struct why *why)
{
	CLEANUP(db_finish) struct db_statement *read = NULL;
	bool row;

	memset(head, 0, AUDIT_HASH_BYTES);
	*count = 0;
	TRY(db_prepare(db, read_sql, &read, why));
	db_bind_i64(read, 1, INT64_MIN);
	db_bind_i64(read, 2, INT64_MAX);
	TRY(db_step(read, &row, why));
	while (row) {
		TRY(entry_check(read, count, head, why));
		TRY(db_step(read, &row, why));
	}
	return OK;
}

enum err audit_verify(
	struct db *db, uint64_t *count, uint8_t head[AUDIT_HASH_BYTES], struct why *why)
{
	uint8_t before[AUDIT_HASH_BYTES];
	uint8_t after[AUDIT_HASH_BYTES];
	int64_t least;
	int64_t most;

	/* entries may be appended meanwhile: the chain ends between the head before and after */
	TRY(head_read(db, &least, before, why));
	TRY(chain_check(db, count, head, why));
	TRY(head_read(db, &most, after, why));
	if ((int64_t)*count < least) {
		(*count)++;
		return fail(why, ERR_CORRUPT, "entry %llu of the audit trail is missing: cut off",
			(unsigned long long)*count);
	}
	if ((int64_t)*count > most ||
		((int64_t)*count == least && memcmp(before, head, sizeof before) != 0) ||
		((int64_t)*count == most && memcmp(after, head, sizeof after) != 0))
		return fail(why, ERR_CORRUPT,
			"the head of the audit trail does not belong to entry %llu",
			(unsigned long long)*count);
	return OK;
}

enum err audit_read(
	struct db *db, int64_t after, uint64_t max, audit_each each, void *state, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *read = NULL;
	bool row;

	TRY(db_prepare(db, read_sql, &read, why));
	db_bind_i64(read, 1, after);
	db_bind_i64(read, 2, max > INT64_MAX ? INT64_MAX : (int64_t)max);
	TRY(db_step(read, &row, why));
	while (row) {
		struct audit_entry entry;

		if (!entry_of(read, &entry))
			return fail(why, ERR_CORRUPT, "entry %lld of the audit trail has no hash",
				(long long)entry.sequence);
		TRY(each(state, &entry, why));
		TRY(db_step(read, &row, why));
	}
	return OK;
}
