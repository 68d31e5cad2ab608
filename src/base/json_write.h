/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing JSON (RFC 8259) straight into a buf: no tree, no allocation but the buf's own. Commas are
 * put by the writer; brackets that do not match and values without a key end the process, because
 * they are mistakes in our code.
 *
 *     struct json_writer json = json_writer_on(&out);
 *     json_object_begin(&json);
 *     json_field_str(&json, "name", name);
 *     json_key(&json, "list");
 *     json_array_begin(&json);
 *     json_put_u64(&json, 1);
 *     json_array_end(&json);
 *     json_object_end(&json);
 *     json_line_end(&json);       NDJSON: the line's end, and ready for the next value
 *
 * Strings may hold any bytes: what is not UTF-8 becomes U+FFFD.
 */
#pragma once

#include "base/buf.h"

enum { JSON_WRITER_DEPTH_MAX = 63 };

struct json_writer {
	struct buf *out; /* borrowed */
	unsigned depth;
	uint64_t objects; /* bit d: what is open at depth d is an object */
	uint64_t filled;  /* bit d: it holds something already */
	bool has_key;     /* a key waits for its value */
};

struct json_writer json_writer_on(struct buf *out);

void json_object_begin(struct json_writer *json);
void json_object_end(struct json_writer *json);
void json_array_begin(struct json_writer *json);
void json_array_end(struct json_writer *json);

/* The next value's key, within an object. */
void json_key(struct json_writer *json, const char *key);
void json_key_str(struct json_writer *json, struct str key);

void json_put_str(struct json_writer *json, struct str value);
void json_put_i64(struct json_writer *json, int64_t value);
void json_put_u64(struct json_writer *json, uint64_t value);
/* The fewest digits that read back as the same number. Not for infinities and NaN. */
void json_put_double(struct json_writer *json, double value);
void json_put_bool(struct json_writer *json, bool value);
void json_put_null(struct json_writer *json);
/* One value that is valid JSON already. */
void json_put_raw(struct json_writer *json, struct str value);

/* A key and its value in one call. */
void json_field_str(struct json_writer *json, const char *key, struct str value);
void json_field_i64(struct json_writer *json, const char *key, int64_t value);
void json_field_u64(struct json_writer *json, const char *key, uint64_t value);
void json_field_double(struct json_writer *json, const char *key, double value);
void json_field_bool(struct json_writer *json, const char *key, bool value);

/* A time as RFC 3339 text; null stands for 0, "never" or "not said". */
void json_field_time(struct json_writer *json, const char *key, int64_t time_s);

/* Nothing may be open. */
void json_line_end(struct json_writer *json);

/* value in quotes with everything escaped that must be, without a writer. */
void json_quote(struct buf *out, struct str value);
