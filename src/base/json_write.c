/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json_write.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <math.h>

enum { DOUBLE_TEXT_MAX = 32, DIGITS_FIRST = 15, DIGITS_LAST = 17 };

struct json_writer json_writer_on(struct buf *out)
{
	return (struct json_writer){ .out = out };
}

static uint64_t bit(unsigned depth)
{
	return UINT64_C(1) << depth;
}

static bool in_object(const struct json_writer *json)
{
	return json->depth > 0 && (json->objects & bit(json->depth)) != 0;
}

/* What stands before each value. */
static void before_value(struct json_writer *json)
{
	must(json->has_key == in_object(json));
	if (!json->has_key) {
		/* outside of everything there is one value a line */
		must(json->depth > 0 || (json->filled & bit(0)) == 0);
		if ((json->filled & bit(json->depth)) != 0)
			buf_byte(json->out, ',');
	}
	json->filled |= bit(json->depth);
	json->has_key = false;
}

static void begin(struct json_writer *json, bool is_object)
{
	before_value(json);
	must(json->depth < JSON_WRITER_DEPTH_MAX);
	json->depth++;
	json->filled &= ~bit(json->depth);
	json->objects &= ~bit(json->depth);
	if (is_object)
		json->objects |= bit(json->depth);
	buf_byte(json->out, is_object ? '{' : '[');
}

static void end(struct json_writer *json, bool is_object)
{
	must(json->depth > 0 && in_object(json) == is_object && !json->has_key);
	json->depth--;
	buf_byte(json->out, is_object ? '}' : ']');
}

void json_object_begin(struct json_writer *json)
{
	begin(json, true);
}

void json_object_end(struct json_writer *json)
{
	end(json, true);
}

void json_array_begin(struct json_writer *json)
{
	begin(json, false);
}

void json_array_end(struct json_writer *json)
{
	end(json, false);
}

void json_key_str(struct json_writer *json, struct str key)
{
	must(in_object(json) && !json->has_key);
	if ((json->filled & bit(json->depth)) != 0)
		buf_byte(json->out, ',');
	json_quote(json->out, key);
	buf_byte(json->out, ':');
	json->has_key = true;
}

void json_key(struct json_writer *json, const char *key)
{
	json_key_str(json, str_c(key));
}

static void put_escaped(struct buf *out, char c)
{
	static const struct {
		char byte;
		char letter;
	} shorts[] = { { '"', '"' }, { '\\', '\\' }, { '\n', 'n' }, { '\r', 'r' }, { '\t', 't' },
		{ '\b', 'b' }, { '\f', 'f' } };

	buf_byte(out, '\\');
	for (size_t i = 0; i < ARRAY_LEN(shorts); i++) {
		if (shorts[i].byte == c) {
			buf_byte(out, shorts[i].letter);
			return;
		}
	}

	uint8_t byte = (uint8_t)c;

	buf_str(out, STR("u00"));
	buf_hex(out, &byte, 1);
}

void json_quote(struct buf *out, struct str value)
{
	size_t start = 0; /* of the run that is copied as it is */

	buf_byte(out, '"');
	for (size_t i = 0; i < value.n;) {
		uint8_t byte = (uint8_t)value.p[i];
		size_t bad;
		size_t length;

		if (byte < 0x80 && byte >= ' ' && byte != '"' && byte != '\\') {
			i++;
			continue;
		}
		length = byte < 0x80 ? 0 : utf8_length(value, i, &bad);
		if (length > 0) {
			i += length;
			continue;
		}
		buf_put(out, value.p + start, i - start);
		if (byte < 0x80) {
			put_escaped(out, (char)byte);
			i++;
		} else {
			buf_str(out, STR("\xef\xbf\xbd"));
			i += bad;
		}
		start = i;
	}
	buf_put(out, value.p + start, value.n - start);
	buf_byte(out, '"');
}

void json_put_str(struct json_writer *json, struct str value)
{
	before_value(json);
	json_quote(json->out, value);
}

void json_put_i64(struct json_writer *json, int64_t value)
{
	before_value(json);
	buf_i64(json->out, value);
}

void json_put_u64(struct json_writer *json, uint64_t value)
{
	before_value(json);
	buf_u64(json->out, value);
}

void json_put_double(struct json_writer *json, double value)
{
	char text[DOUBLE_TEXT_MAX];

	must(isfinite(value));
	before_value(json);
	for (int digits = DIGITS_FIRST; digits <= DIGITS_LAST; digits++) {
		double back;

		(void)snprintf(text, sizeof text, "%.*g", digits, value);
		if (parse_double(str_c(text), &back) && back == value)
			break;
	}
	/* the integer -0 would lose its sign */
	buf_str(json->out, str_eq(str_c(text), STR("-0")) ? STR("-0.0") : str_c(text));
}

void json_put_bool(struct json_writer *json, bool value)
{
	before_value(json);
	buf_str(json->out, value ? STR("true") : STR("false"));
}

void json_put_null(struct json_writer *json)
{
	before_value(json);
	buf_str(json->out, STR("null"));
}

void json_put_raw(struct json_writer *json, struct str value)
{
	before_value(json);
	buf_str(json->out, value);
}

void json_field_str(struct json_writer *json, const char *key, struct str value)
{
	json_key(json, key);
	json_put_str(json, value);
}

void json_field_i64(struct json_writer *json, const char *key, int64_t value)
{
	json_key(json, key);
	json_put_i64(json, value);
}

void json_field_u64(struct json_writer *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_put_u64(json, value);
}

void json_field_double(struct json_writer *json, const char *key, double value)
{
	json_key(json, key);
	json_put_double(json, value);
}

void json_field_bool(struct json_writer *json, const char *key, bool value)
{
	json_key(json, key);
	json_put_bool(json, value);
}

void json_field_time(struct json_writer *json, const char *key, int64_t time_s)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	json_key(json, key);
	if (time_s == 0) {
		json_put_null(json);
		return;
	}
	time_format(&text, time_s);
	json_put_str(json, buf_view(&text));
}

void json_line_end(struct json_writer *json)
{
	must(json->depth == 0 && !json->has_key && (json->filled & bit(0)) != 0);
	buf_byte(json->out, '\n');
	json->filled = 0;
}
