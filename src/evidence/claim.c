/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/claim.h"

#include "evidence/indicator_int.h"

/* The latest time that is believed: 2200-01-01, the end of time_parse()'s range. */
static const int64_t time_max_s = INT64_C(7258118400);

enum { CLAIM_FIRST_ROWS = 256 };

void claim_batch_done(struct claim_batch *batch)
{
	free(batch->rows);
	buf_done(&batch->bytes);
	*batch = (struct claim_batch){ 0 };
}

void claim_batch_clear(struct claim_batch *batch)
{
	batch->n = 0;
	buf_clear(&batch->bytes);
}

bool claim_batch_is_full(const struct claim_batch *batch)
{
	return batch->n >= CLAIM_BATCH_MAX || batch->bytes.n >= CLAIM_BATCH_BYTES;
}

static struct claim_row *row_new(struct claim_batch *batch)
{
	if (batch->n == batch->capacity) {
		batch->capacity = batch->capacity == 0 ? CLAIM_FIRST_ROWS : batch->capacity * 2;
		batch->rows = reallocarray(batch->rows, batch->capacity, sizeof *batch->rows);
		must(batch->rows != NULL);
	}
	return &batch->rows[batch->n++];
}

struct claim_row claim_row_of_facts(const struct claim *claim)
{
	int64_t first_s = claim->first_seen_s;
	int64_t last_s = claim->last_seen_s;
	bool crossed = first_s != 0 && last_s != 0 && first_s > last_s;

	must((size_t)claim->role < ROLE_COUNT && category_info(claim->category) != NULL);
	must((size_t)claim->tlp < TLP_COUNT);
	must(claim->confidence >= CONFIDENCE_UNKNOWN && claim->confidence <= 100);
	must(first_s >= 0 && last_s >= 0 && first_s < time_max_s && last_s < time_max_s);
	return (struct claim_row){
		.role = (uint8_t)claim->role,
		.category = (uint8_t)claim->category,
		.tlp = (uint8_t)claim->tlp,
		.confidence = claim->confidence,
		.count = claim->count,
		.first_seen_s = crossed ? last_s : first_s,
		.last_seen_s = crossed ? first_s : last_s,
	};
}

void claim_batch_add(struct claim_batch *batch, const struct claim *claim)
{
	struct claim_row facts = claim_row_of_facts(claim);
	struct str reference = str_first(claim->reference, CLAIM_REFERENCE_MAX);
	size_t offset = batch->bytes.n;

	must(!claim_batch_is_full(batch));
	indicator_key(&batch->bytes, &claim->indicator);
	facts.key_offset = (uint32_t)offset;
	facts.key_length = (uint16_t)(batch->bytes.n - offset);
	facts.reference_length = (uint16_t)reference.n;
	*row_new(batch) = facts;
	buf_str(&batch->bytes, reference);
}

void claim_batch_add_prefix(
	struct claim_batch *batch, const struct prefix *prefix, const struct claim_row *facts)
{
	char *key = buf_reserve(&batch->bytes, PREFIX_KEY_MAX);
	size_t length = indicator_prefix_key(key, prefix);
	struct claim_row *row;

	must(!claim_batch_is_full(batch));
	row = row_new(batch);
	*row = *facts;
	row->key_offset = (uint32_t)batch->bytes.n;
	row->key_length = (uint16_t)length;
	row->reference_length = 0;
	batch->bytes.n += length;
}

enum err claim_from_row(const struct claim_batch *batch, const struct claim_row *row,
	struct arena *arena, struct claim *out, struct why *why)
{
	*out = (struct claim){
		.role = (enum role)row->role,
		.category = (enum category)row->category,
		.tlp = (enum tlp)row->tlp,
		.confidence = row->confidence,
		.count = row->count,
		.first_seen_s = row->first_seen_s,
		.last_seen_s = row->last_seen_s,
		.reference = claim_row_reference(batch, row),
	};
	return indicator_from_key(claim_row_key(batch, row), arena, &out->indicator, why);
}

/*
 * The message: magic, count, then for each row its fixed part and its key and reference. Numbers
 * are little-endian.
 */
enum {
	MESSAGE_MAGIC = 0x31626c63, /* "clb1" */
	MESSAGE_HEAD = 8,
	MESSAGE_ROW = 28
};

static void put_le(char *out, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] = (char)(value >> (8 * i));
}

static uint64_t get_le(const char *in, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = bytes; i-- > 0;)
		value = value << 8 | (uint8_t)in[i];
	return value;
}

static void encode_row(
	struct buf *out, const struct claim_batch *batch, const struct claim_row *row)
{
	size_t tail = (size_t)row->key_length + row->reference_length;
	char *to = buf_reserve(out, MESSAGE_ROW + tail);

	put_le(to, row->key_length, 2);
	put_le(to + 2, row->reference_length, 2);
	to[4] = (char)row->role;
	to[5] = (char)row->category;
	to[6] = (char)row->tlp;
	to[7] = (char)row->confidence;
	put_le(to + 8, row->count, 4);
	put_le(to + 12, (uint64_t)row->first_seen_s, 8);
	put_le(to + 20, (uint64_t)row->last_seen_s, 8);
	memcpy(to + MESSAGE_ROW, batch->bytes.data + row->key_offset, tail);
	out->n += MESSAGE_ROW + tail;
}

void claim_batch_encode(struct buf *out, const struct claim_batch *batch)
{
	char *head = buf_reserve(out, MESSAGE_HEAD);

	put_le(head, MESSAGE_MAGIC, 4);
	put_le(head + 4, batch->n, 4);
	out->n += MESSAGE_HEAD;
	for (size_t i = 0; i < batch->n; i++)
		encode_row(out, batch, &batch->rows[i]);
}

static bool times_are_sound(int64_t first_s, int64_t last_s)
{
	return first_s >= 0 && last_s >= 0 && first_s < time_max_s && last_s < time_max_s &&
	       (first_s == 0 || last_s == 0 || first_s <= last_s);
}

/* Takes one row off *rest. */
static enum err decode_row(struct str *rest, struct claim_batch *out, struct why *why)
{
	if (rest->n < MESSAGE_ROW)
		return fail(why, ERR_CORRUPT, "a claim is cut off");

	const char *in = rest->p;
	struct claim_row row = {
		.key_offset = (uint32_t)out->bytes.n,
		.key_length = (uint16_t)get_le(in, 2),
		.reference_length = (uint16_t)get_le(in + 2, 2),
		.role = (uint8_t)in[4],
		.category = (uint8_t)in[5],
		.tlp = (uint8_t)in[6],
		.confidence = (int8_t)in[7],
		.count = (uint32_t)get_le(in + 8, 4),
		.first_seen_s = (int64_t)get_le(in + 12, 8),
		.last_seen_s = (int64_t)get_le(in + 20, 8),
	};
	struct str tail = str_first(
		str_from_index(*rest, MESSAGE_ROW), (size_t)row.key_length + row.reference_length);

	if (tail.n < (size_t)row.key_length + row.reference_length)
		return fail(why, ERR_CORRUPT, "key and reference of a claim are cut off");
	TRY(indicator_key_check(str_first(tail, row.key_length), why));
	if (row.reference_length > CLAIM_REFERENCE_MAX || row.role >= ROLE_COUNT ||
		category_info(row.category) == NULL || row.tlp >= TLP_COUNT ||
		row.confidence < CONFIDENCE_UNKNOWN || row.confidence > 100 ||
		!times_are_sound(row.first_seen_s, row.last_seen_s))
		return fail(why, ERR_CORRUPT, "a claim's field is out of range");
	buf_str(&out->bytes, tail);
	*row_new(out) = row;
	*rest = str_from_index(*rest, MESSAGE_ROW + tail.n);
	return OK;
}

static enum err decode_rows(struct str bytes, struct claim_batch *out, struct why *why)
{
	if (bytes.n < MESSAGE_HEAD || get_le(bytes.p, 4) != MESSAGE_MAGIC)
		return fail(why, ERR_CORRUPT, "not a batch of claims");

	uint64_t n = get_le(bytes.p + 4, 4);
	struct str rest = str_from_index(bytes, MESSAGE_HEAD);

	while (out->n < n) {
		if (claim_batch_is_full(out))
			return fail(why, ERR_LIMIT, "a batch holds more than its limit");
		TRY(decode_row(&rest, out, why));
	}
	if (rest.n != 0)
		return fail(why, ERR_CORRUPT, "%zu bytes follow a batch of claims", rest.n);
	return OK;
}

enum err claim_batch_decode(struct str bytes, struct claim_batch *out, struct why *why)
{
	claim_batch_clear(out);

	enum err err = decode_rows(bytes, out, why);

	if (err != OK)
		claim_batch_clear(out);
	return err;
}
