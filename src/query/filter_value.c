/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/filter_int.h"

#include "evidence/indicator.h"
#include "net/name.h"
#include "net/url.h"

static const char *const kind_expected[] = {
	[FILTER_NUMBER] = "a whole number",
	[FILTER_TIME] = "a date (2026-11-23) or an age (24h, 7d)",
	[FILTER_WORD] = "a known word",
	[FILTER_TEXT] = "a text",
	[FILTER_PART] = "a text",
	[FILTER_WITHIN] = "an address, a prefix, a name, a URL or a hash",
};

/* The range that a relation to low..high (one number, or one day) means. */
static bool range_of(
	enum filter_relation relation, int64_t low, int64_t high, struct filter_value *out)
{
	static const struct filter_value everything = { .low = INT64_MIN, .high = INT64_MAX };

	*out = everything;
	if ((relation == FILTER_ABOVE && high == INT64_MAX) ||
		(relation == FILTER_BELOW && low == INT64_MIN))
		return false;
	if (relation == FILTER_IS || relation == FILTER_IS_NOT)
		*out = (struct filter_value){ .low = low, .high = high };
	else if (relation == FILTER_ABOVE)
		out->low = high + 1;
	else if (relation == FILTER_AT_LEAST)
		out->low = low;
	else if (relation == FILTER_BELOW)
		out->high = low - 1;
	else
		out->high = high;
	return true;
}

/* An age below is a time above. */
static enum filter_relation mirrored(enum filter_relation relation)
{
	static const enum filter_relation mirror[] = {
		[FILTER_IS] = FILTER_IS,
		[FILTER_IS_NOT] = FILTER_IS_NOT,
		[FILTER_ABOVE] = FILTER_BELOW,
		[FILTER_AT_LEAST] = FILTER_AT_MOST,
		[FILTER_BELOW] = FILTER_ABOVE,
		[FILTER_AT_MOST] = FILTER_AT_LEAST,
	};

	return mirror[relation];
}

static bool parse_time(enum filter_relation relation, struct str text, int64_t now_s,
	struct filter_value *out, const char **expected)
{
	enum { DATE_LENGTH = 10 };
	bool is_equal = relation == FILTER_IS || relation == FILTER_IS_NOT;
	int64_t time_s;

	if (duration_parse(text, &time_s)) {
		if (is_equal) {
			*expected = "<, <=, > or >= before an age";
			return false;
		}
		return time_s < now_s &&
		       range_of(mirrored(relation), now_s - time_s, now_s - time_s, out);
	}
	if (!time_parse(text, &time_s))
		return false;

	bool is_day = text.n == DATE_LENGTH && text.p[4] == '-';

	return range_of(relation, time_s, is_day ? time_s + DAY_S - 1 : time_s, out);
}

static struct str key_of(struct arena *arena, const struct indicator *indicator)
{
	CLEANUP(buf_done) struct buf key = { 0 };

	indicator_key(&key, indicator);
	return arena_str(arena, buf_view(&key));
}

/* Keys of what lies within: the prefix itself is the first, the last address alone the last. */
static void within_prefix(
	struct arena *arena, const struct prefix *prefix, struct filter_value *out)
{
	struct ipaddr last_ip = prefix_last(prefix);
	struct indicator first = { .kind = INDICATOR_IP, .prefix = *prefix };
	struct indicator last = { .kind = INDICATOR_IP, .prefix = prefix_host(&last_ip) };

	out->text_low = key_of(arena, &first);
	out->text_high = key_of(arena, &last);
}

/* Keys of a name and of all below share all but the last byte, which is 0 or 1, or a label's. */
static void within_name(struct arena *arena, struct str name, struct filter_value *out)
{
	struct indicator first = { .kind = INDICATOR_NAME, .text = name };
	struct str key = key_of(arena, &first);
	char *last = arena_alloc(arena, key.n);

	memcpy(last, key.p, key.n);
	last[key.n - 1] = (char)0xff;
	out->text_low = str_first(key, key.n - 1);
	out->text_high = str_from(last, key.n);
}

static bool parse_hash(struct str text, struct arena *arena, struct filter_value *out)
{
	enum { HEX_MD5 = 32, HEX_SHA1 = 40, HEX_SHA256 = 64, HEX_SHA512 = 128 };
	uint8_t bytes[HEX_SHA512 / 2];

	if ((text.n != HEX_MD5 && text.n != HEX_SHA1 && text.n != HEX_SHA256 &&
		    text.n != HEX_SHA512) ||
		!parse_hex(text, bytes))
		return false;

	struct indicator hash = { .kind = INDICATOR_HASH,
		.text = { (const char *)bytes, text.n / 2 } };

	out->text_low = out->text_high = key_of(arena, &hash);
	return true;
}

static bool parse_within(struct str text, struct arena *arena, struct filter_value *out)
{
	CLEANUP(buf_done) struct buf canonical = { 0 };
	struct prefix prefix;
	struct name name;
	struct url url;

	if (prefix_parse(text, NULL, &prefix, NULL) == OK) {
		within_prefix(arena, &prefix, out);
		return true;
	}
	if (url_parse(text, NULL, &canonical, &url, NULL) == OK) {
		struct indicator it = { .kind = INDICATOR_URL, .text = url.text };

		out->text_low = out->text_high = key_of(arena, &it);
		return true;
	}
	if (parse_hash(text, arena, out))
		return true;
	if (name_parse(text, NULL, &name, NULL) != OK)
		return false;
	within_name(arena, name_str(&name), out);
	return true;
}

bool filter_value_parse(const struct filter_field *field, enum filter_relation relation,
	struct str text, int64_t now_s, struct arena *arena, struct filter_value *out,
	char *expected, size_t expected_size)
{
	bool is_equal = relation == FILTER_IS || relation == FILTER_IS_NOT;
	const char *words = field->expected == NULL ? kind_expected[field->kind] : field->expected;
	bool good = false;
	int64_t number;

	*out = (struct filter_value){ 0 };
	if (field->kind == FILTER_NUMBER) {
		good = parse_i64(text, &number) && range_of(relation, number, number, out);
	} else if (field->kind == FILTER_TIME) {
		good = parse_time(relation, text, now_s, out, &words);
	} else if (!is_equal) {
		words = ": before this field's value";
	} else if (field->kind == FILTER_WORD) {
		good = field->word(text, &number) && range_of(relation, number, number, out);
	} else if (field->kind == FILTER_WITHIN) {
		good = parse_within(text, arena, out);
	} else {
		out->text_low = out->text_high = arena_str(arena, text);
		good = true;
	}
	if (!good)
		(void)snprintf(expected, expected_size, "%s", words);
	return good;
}

bool filter_text_is_bare(struct str text)
{
	struct str first = str_first(text, str_find(text, '|'));
	struct prefix prefix;

	return prefix_parse(first, NULL, &prefix, NULL) == OK ||
	       str_starts_nocase(first, STR("http://")) ||
	       str_starts_nocase(first, STR("https://")) || str_starts_nocase(first, STR("ftp://"));
}
