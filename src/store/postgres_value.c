/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values in PostgreSQL's binary form ("Frontend/Backend Protocol"; the send and receive functions
 * of each type): numbers big-endian, numeric as digits to the base 10000.
 */
#include "store/postgres_int.h"

/* From the server's catalogue/pg_type.dat; they never change. */
enum {
	TYPE_BOOL = 16,
	TYPE_BYTEA = 17,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_TEXT = 25,
	TYPE_FLOAT8 = 701,
	TYPE_VARCHAR = 1043,
	TYPE_NUMERIC = 1700
};

enum { NUMERIC_HEAD = 8, NUMERIC_BASE = 10000, NUMERIC_MINUS = 0x4000, NUMERIC_SPECIAL = 0xc000 };

void postgres_put(uint8_t *out, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

uint64_t postgres_get(const char *in, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | (uint8_t)in[i];
	return value;
}

static size_t integer_bytes(Oid type)
{
	return type == TYPE_INT8 ? 8 : type == TYPE_INT4 ? 4 : type == TYPE_INT2 ? 2 : 0;
}

static void set_binary(struct postgres_parameter *out, uint64_t value, size_t bytes)
{
	uint8_t wire[8];

	postgres_put(wire, value, bytes);
	memcpy(out->number, wire, bytes);
	out->value = out->number;
	out->length = (int)bytes;
	out->format = 1;
}

static enum err encode_integer(
	struct postgres_parameter *out, Oid wanted, int64_t value, struct why *why)
{
	size_t bytes = integer_bytes(wanted);
	int64_t limit = bytes == 0 || bytes == 8 ? INT64_MAX : (INT64_C(1) << (8 * bytes - 1)) - 1;

	if (bytes > 0 && (value > limit || value < -limit - 1))
		return fail(
			why, ERR_LIMIT, "%lld does not fit the parameter's type", (long long)value);
	if (bytes > 0) {
		set_binary(out, (uint64_t)value, bytes);
		return OK;
	}
	out->value = out->number;
	out->format = 0;
	(void)snprintf(out->number, sizeof out->number, "%lld", (long long)value);
	return OK;
}

static enum err encode_double(
	struct postgres_parameter *out, Oid wanted, double value, struct why *why)
{
	uint64_t bits;

	if (integer_bytes(wanted) > 0)
		return fail(why, ERR_USAGE, "a fraction is bound where a whole number is wanted");
	if (wanted == TYPE_FLOAT8) {
		memcpy(&bits, &value, sizeof bits);
		set_binary(out, bits, sizeof bits);
		return OK;
	}
	out->value = out->number;
	out->format = 0;
	(void)snprintf(out->number, sizeof out->number, "%.17g", value);
	return OK;
}

enum err postgres_encode(struct postgres_parameter *out, Oid wanted, enum db_type type,
	const struct db_value *value, struct why *why)
{
	*out = (struct postgres_parameter){ .value = NULL };
	if (value->is_null)
		return OK;
	if (type == DB_I64 && wanted == TYPE_FLOAT8)
		return encode_double(out, wanted, (double)value->i64, why);
	if (type == DB_I64)
		return encode_integer(out, wanted, value->i64, why);
	if (type == DB_DOUBLE)
		return encode_double(out, wanted, value->number, why);
	if (wanted != TYPE_TEXT && wanted != TYPE_VARCHAR && wanted != TYPE_BYTEA)
		return fail(why, ERR_USAGE, "bytes are bound where a number is wanted");
	if (value->bytes.n > INT32_MAX / 2)
		return fail(why, ERR_LIMIT, "a value of %zu bytes is too long", value->bytes.n);
	out->value = value->bytes.p == NULL ? "" : value->bytes.p;
	out->length = (int)value->bytes.n;
	out->format = 1;
	return OK;
}

/* The digit of weight i (base 10000, 0: ones); those left out are zero. */
static int64_t numeric_digit(struct postgres_value value, int i)
{
	int digits = (int16_t)postgres_get(value.p, 2);
	int weight = (int16_t)postgres_get(value.p + 2, 2);
	int at = weight - i;

	if (at < 0 || at >= digits || value.n < NUMERIC_HEAD + 2 * (at + 1))
		return 0;
	return (int64_t)postgres_get(value.p + NUMERIC_HEAD + 2 * at, 2);
}

static int64_t numeric_i64(struct postgres_value value)
{
	int weight = (int16_t)postgres_get(value.p + 2, 2);
	uint64_t sign = postgres_get(value.p + 4, 2);
	int64_t out = 0;

	if (sign >= NUMERIC_SPECIAL)
		return 0;
	for (int i = weight; i >= 0; i--) {
		int64_t digit = numeric_digit(value, i);

		if (__builtin_mul_overflow(out, NUMERIC_BASE, &out) ||
			__builtin_sub_overflow(out, digit, &out))
			return sign == NUMERIC_MINUS ? INT64_MIN : INT64_MAX;
	}
	/* counted below zero, where there is room for one more */
	if (sign == NUMERIC_MINUS)
		return out;
	return out == INT64_MIN ? INT64_MAX : -out;
}

static double numeric_double(struct postgres_value value)
{
	int digits = (int16_t)postgres_get(value.p, 2);
	int weight = (int16_t)postgres_get(value.p + 2, 2);
	uint64_t sign = postgres_get(value.p + 4, 2);
	double out = 0;
	double unit = 1;

	if (sign >= NUMERIC_SPECIAL)
		return 0;
	for (int i = weight; i >= 0; i--)
		out = out * NUMERIC_BASE + (double)numeric_digit(value, i);
	for (int i = -1; i > weight - digits; i--) {
		unit /= NUMERIC_BASE;
		out += unit * (double)numeric_digit(value, i);
	}
	return sign == NUMERIC_MINUS ? -out : out;
}

static double float8(struct postgres_value value)
{
	uint64_t bits = postgres_get(value.p, sizeof bits);
	double out;

	memcpy(&out, &bits, sizeof out);
	return out;
}

static int64_t integer(struct postgres_value value)
{
	unsigned unused_bits = (unsigned)(64 - 8 * value.n);

	/* shifted up and down again, so that the sign fills the upper bytes */
	return (int64_t)(postgres_get(value.p, (size_t)value.n) << unused_bits) >> unused_bits;
}

int64_t postgres_decode_i64(Oid type, struct postgres_value value)
{
	if (integer_bytes(type) > 0 && value.n == (int)integer_bytes(type))
		return integer(value);
	if (type == TYPE_BOOL && value.n == 1)
		return value.p[0] != 0;
	if (type == TYPE_NUMERIC && value.n >= NUMERIC_HEAD)
		return numeric_i64(value);
	if (type == TYPE_FLOAT8 && value.n == 8) {
		double number = float8(value);

		return number >= -0x1p63 && number < 0x1p63 ? (int64_t)number : 0;
	}
	return 0;
}

double postgres_decode_double(Oid type, struct postgres_value value)
{
	if (type == TYPE_FLOAT8 && value.n == 8)
		return float8(value);
	if (type == TYPE_NUMERIC && value.n >= NUMERIC_HEAD)
		return numeric_double(value);
	return (double)postgres_decode_i64(type, value);
}

struct str postgres_decode_bytes(Oid type, struct postgres_value value)
{
	if (value.n <= 0 || integer_bytes(type) > 0 || type == TYPE_BOOL || type == TYPE_FLOAT8 ||
		type == TYPE_NUMERIC)
		return STR("");
	return str_from(value.p, (size_t)value.n);
}
