/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/config_value.h"

#include "base/clock.h"
#include "net/name.h"
#include "net/url.h"

enum { SHOWN_MAX = 64 };

#define refuse(why, reason, s) \
	fail((why), ERR_SYNTAX, "%s: %.*s", (reason), STR_FMT(str_first((s), SHOWN_MAX)))

static enum err check_bounds(
	const struct config_row *row, int64_t value, const char *unit, struct why *why)
{
	if (value >= row->min && value <= row->max)
		return OK;
	return fail(why, ERR_SYNTAX, "%lld %sis not from %lld to %lld", (long long)value, unit,
		(long long)row->min, (long long)row->max);
}

static enum err read_text(const struct config_row *row, struct str text, struct arena *arena,
	union config_value *out, struct why *why)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return fail(why, ERR_SYNTAX, "a control character in the value");
	}
	TRY(check_bounds(row, (int64_t)text.n, "bytes ", why));
	out->text = arena_str(arena, text);
	return OK;
}

static void write_text(struct buf *out, const union config_value *value)
{
	buf_str(out, value->text);
}

static enum err read_bool(const struct config_row *row, struct str text, struct arena *arena,
	union config_value *out, struct why *why)
{
	(void)row;
	(void)arena;
	out->is_set = str_eq(text, STR("true"));
	if (!out->is_set && !str_eq(text, STR("false")))
		return refuse(why, "neither true nor false", text);
	return OK;
}

static void write_bool(struct buf *out, const union config_value *value)
{
	buf_str(out, value->is_set ? STR("true") : STR("false"));
}

static enum err read_count(const struct config_row *row, struct str text, struct arena *arena,
	union config_value *out, struct why *why)
{
	(void)arena;
	/* 010 is 10 for some readers and 8 for others */
	if (!parse_i64(text, &out->number) || (text.n > 1 && text.p[0] == '0'))
		return refuse(why, "not a whole number", text);
	return check_bounds(row, out->number, "", why);
}

static void write_count(struct buf *out, const union config_value *value)
{
	buf_i64(out, value->number);
}

static const struct {
	char unit;
	int64_t bytes;
} size_units[] = { { 'G', INT64_C(1) << 30 }, { 'M', 1 << 20 }, { 'k', 1 << 10 },
	{ 'K', 1 << 10 } };

static enum err read_size(const struct config_row *row, struct str text, struct arena *arena,
	union config_value *out, struct why *why)
{
	int64_t scale = 1;
	struct str digits = text;

	(void)arena;
	for (size_t i = 0; i < ARRAY_LEN(size_units); i++) {
		if (text.n > 0 && text.p[text.n - 1] == size_units[i].unit) {
			scale = size_units[i].bytes;
			digits = str_first(text, text.n - 1);
		}
	}
	if (!parse_i64(digits, &out->number) ||
		__builtin_mul_overflow(out->number, scale, &out->number))
		return refuse(why, "not a size (a number with k, M or G)", text);
	return check_bounds(row, out->number, "bytes ", why);
}

static void write_size(struct buf *out, const union config_value *value)
{
	for (size_t i = 0; i < ARRAY_LEN(size_units); i++) {
		if (value->number != 0 && value->number % size_units[i].bytes == 0) {
			buf_i64(out, value->number / size_units[i].bytes);
			buf_byte(out, size_units[i].unit);
			return;
		}
	}
	buf_i64(out, value->number);
}

static enum err read_duration(const struct config_row *row, struct str text, struct arena *arena,
	union config_value *out, struct why *why)
{
	(void)arena;
	if (!duration_parse(text, &out->number))
		return refuse(why, "not a duration (a number with s, m, h, d or w)", text);
	return check_bounds(row, out->number, "seconds ", why);
}

static void write_duration(struct buf *out, const union config_value *value)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 'd', DAY_S }, { 'h', HOUR_S }, { 'm', MINUTE_S }, { 's', 1 } };
	size_t i = 0;

	while (value->number == 0 ? units[i].unit != 's' : value->number % units[i].seconds != 0)
		i++;
	buf_i64(out, value->number / units[i].seconds);
	buf_byte(out, units[i].unit);
}

/* The next entry of a list that commas or white space separate. */
static bool next_entry(struct str *rest, struct str *entry)
{
	size_t i = 0;

	while (i < rest->n && (byte_is_space(rest->p[i]) || rest->p[i] == ','))
		i++;
	*rest = str_from_index(*rest, i);
	for (i = 0; i < rest->n && !byte_is_space(rest->p[i]) && rest->p[i] != ',';)
		i++;
	*entry = str_first(*rest, i);
	*rest = str_from_index(*rest, i);
	return entry->n > 0;
}

static enum err check_entries(const struct config_row *row, size_t n, struct why *why)
{
	must(row->max <= CONFIG_LIST_MAX);
	return check_bounds(row, (int64_t)n, "entries ", why);
}

static enum err read_endpoint(struct str text, struct config_endpoint *out, struct why *why)
{
	size_t colon = str_find_last(text, ':');
	struct str host = str_first(text, colon);
	bool in_brackets = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
	uint64_t port;

	if (in_brackets)
		host = str_from(host.p + 1, host.n - 2);
	if (colon == text.n || !parse_u64(str_from_index(text, colon + 1), &port) ||
		port > UINT16_MAX)
		return refuse(why, "not an address with its port (192.0.2.1:53)", text);
	TRY(ip_parse(host, NULL, &out->ip, why));
	if (in_brackets != (str_find(host, ':') < host.n))
		return refuse(
			why, "an IPv6 address and its port are written [2001:db8::1]:53", text);
	out->port = (uint16_t)port;
	return OK;
}

static enum err read_endpoints(const struct config_row *row, struct str text, struct arena *arena,
	union config_value *out, struct why *why)
{
	struct config_endpoints *list = &out->endpoints;
	struct str entry;

	(void)arena;
	list->n = 0;
	while (next_entry(&text, &entry)) {
		if (list->n == CONFIG_LIST_MAX)
			return check_entries(row, list->n + 1, why);
		TRY(read_endpoint(entry, &list->items[list->n++], why));
	}
	return check_entries(row, list->n, why);
}

static void write_endpoints(struct buf *out, const union config_value *value)
{
	for (size_t i = 0; i < value->endpoints.n; i++) {
		const struct config_endpoint *endpoint = &value->endpoints.items[i];
		bool is_v4 = ip_is_v4(&endpoint->ip);

		buf_str(out, i > 0 ? STR(" ") : STR(""));
		buf_str(out, is_v4 ? STR("") : STR("["));
		ip_format(out, &endpoint->ip);
		buf_str(out, is_v4 ? STR(":") : STR("]:"));
		buf_u64(out, endpoint->port);
	}
}

static enum err read_prefixes(const struct config_row *row, struct str text, struct arena *arena,
	union config_value *out, struct why *why)
{
	struct config_prefixes *list = &out->prefixes;
	struct str entry;

	(void)arena;
	list->n = 0;
	while (next_entry(&text, &entry)) {
		if (list->n == CONFIG_LIST_MAX)
			return check_entries(row, list->n + 1, why);
		TRY(prefix_parse(entry, NULL, &list->items[list->n++], why));
	}
	return check_entries(row, list->n, why);
}

static void write_prefixes(struct buf *out, const union config_value *value)
{
	for (size_t i = 0; i < value->prefixes.n; i++) {
		buf_str(out, i > 0 ? STR(" ") : STR(""));
		prefix_format(out, &value->prefixes.items[i]);
	}
}

static enum err read_words(const struct config_row *row, struct str text, struct arena *arena,
	union config_value *out, struct why *why)
{
	struct config_words *list = &out->words;
	struct str entry;

	list->n = 0;
	while (next_entry(&text, &entry)) {
		if (list->n == CONFIG_LIST_MAX)
			return check_entries(row, list->n + 1, why);
		list->items[list->n++] = arena_str(arena, entry);
	}
	return check_entries(row, list->n, why);
}

static void write_words(struct buf *out, const union config_value *value)
{
	for (size_t i = 0; i < value->words.n; i++) {
		buf_str(out, i > 0 ? STR(" ") : STR(""));
		buf_str(out, value->words.items[i]);
	}
}

static enum err read_name(const struct config_row *row, struct str text, struct arena *arena,
	union config_value *out, struct why *why)
{
	static const struct name_rules rules = { .refuse_wildcard = true };
	struct name name;

	(void)row;
	TRY(name_parse(text, &rules, &name, why));
	out->text = arena_str(arena, name_str(&name));
	return OK;
}

static enum err read_url(const struct config_row *row, struct str text, struct arena *arena,
	union config_value *out, struct why *why)
{
	static const struct url_rules rules = { .allow_single_host = true };
	CLEANUP(buf_done) struct buf canonical = { 0 };
	struct url url;

	if (text.n > 0)
		TRY(url_parse(text, &rules, &canonical, &url, why));
	return read_text(row, text.n > 0 ? url.text : text, arena, out, why);
}

static enum err read_choice(const struct config_row *row, struct str text, struct arena *arena,
	union config_value *out, struct why *why)
{
	CLEANUP(buf_done) struct buf all = { 0 };

	for (size_t i = 0; row->choices[i] != NULL; i++) {
		if (str_eq(text, str_c(row->choices[i]))) {
			out->text = arena_str(arena, text);
			return OK;
		}
		buf_fmt(&all, "%s%s", i > 0 ? ", " : "", row->choices[i]);
	}
	return fail(why, ERR_SYNTAX, "'%.*s' is none of %s", STR_FMT(str_first(text, SHOWN_MAX)),
		buf_c(&all));
}

static const struct config_kind kinds[] = {
	[CONFIG_TEXT] = { "text", sizeof(struct str), read_text, write_text, "bytes" },
	[CONFIG_PATH] = { "path", sizeof(struct str), read_text, write_text, "bytes" },
	[CONFIG_BOOL] = { "true or false", sizeof(bool), read_bool, write_bool, "" },
	[CONFIG_COUNT] = { "whole number", sizeof(int64_t), read_count, write_count, "" },
	[CONFIG_SIZE] = { "size", sizeof(int64_t), read_size, write_size, "" },
	[CONFIG_DURATION] = { "duration", sizeof(int64_t), read_duration, write_duration, "" },
	[CONFIG_ENDPOINTS] = { "list of address:port", sizeof(struct config_endpoints),
		read_endpoints, write_endpoints, "entries" },
	[CONFIG_PREFIXES] = { "list of prefixes", sizeof(struct config_prefixes), read_prefixes,
		write_prefixes, "entries" },
	[CONFIG_WORDS] = { "list of words", sizeof(struct config_words), read_words, write_words,
		"entries" },
	[CONFIG_NAME] = { "domain name", sizeof(struct str), read_name, write_text, "" },
	[CONFIG_URL] = { "URL", sizeof(struct str), read_url, write_text, "bytes" },
	[CONFIG_CHOICE] = { "one of", sizeof(struct str), read_choice, write_text, "" },
};
_Static_assert(ARRAY_LEN(kinds) == CONFIG_TYPES, "one row per type");

const struct config_kind *config_kind(enum config_type type)
{
	return &kinds[type];
}
