/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/config_int.h"

#include <stddef.h>

enum { PATH_BYTES_MAX = 1024, TEXT_BYTES_MAX = 512, DOCUMENT_COLUMNS = 78 };

static const char *const log_levels[] = { "error", "warning", "notice", "info", "debug", NULL };

#define AT(member) offsetof(struct config, member)

static const struct config_row rows[] = {
	{ "data", CONFIG_PATH, AT(data), 1, PATH_BYTES_MAX, "./var", NULL,
		"Folder of the store, the snapshots and all other state. Relative paths of other "
		"keys "
		"start here." },
	{ "user", CONFIG_TEXT, AT(user), 0, 32, "", NULL,
		"User that the roles become when started as root. Empty: they stay who they are." },
	{ "dns.listen", CONFIG_ENDPOINTS, AT(dns.listen), 0, 16, "127.0.0.1:5354", NULL,
		"Where DNS questions are answered, over UDP and TCP. Empty: nowhere." },
	{ "dns.zone", CONFIG_NAME, AT(dns.zone), 0, 0, "rep.pehra.test", NULL,
		"The combined reputation zone; the zones of one role stand beside it." },
	{ "dns.access", CONFIG_PREFIXES, AT(dns.access), 0, CONFIG_LIST_MAX, "127.0.0.0/8 ::1",
		NULL, "Clients that may ask. All others are refused, with the reason." },
	{ "dns.rate", CONFIG_COUNT, AT(dns.rate), 0, 1000000, "0", NULL,
		"Answers a second over UDP for one client network (/24 or /56); beyond it answers "
		"are "
		"shortened so that true clients come by TCP. 0: no limit. Set it before dns.access "
		"is "
		"opened to networks whose addresses can be forged." },
	{ "dns.workers", CONFIG_COUNT, AT(dns.workers), 0, 256, "0", NULL,
		"Answering processes. 0: one for each core." },
	{ "http.listen", CONFIG_ENDPOINTS, AT(http.listen), 0, 16, "127.0.0.1:8080", NULL,
		"Where HTTP requests are answered. Empty: nowhere." },
	{ "http.rate", CONFIG_COUNT, AT(http.rate), 0, 1000000, "1000", NULL,
		"Requests a second for one client. 0: no limit." },
	{ "http.body_max", CONFIG_SIZE, AT(http.body_max_bytes), 1024, INT64_C(1) << 30, "16M",
		NULL, "Largest request body." },
	{ "http.url", CONFIG_URL, AT(http.url), 0, TEXT_BYTES_MAX, "", NULL,
		"Base address of the public pages, put into DNS TXT answers. Empty: none is put." },
	{ "http.proxies", CONFIG_PREFIXES, AT(http.proxies), 0, CONFIG_LIST_MAX, "127.0.0.0/8 ::1",
		NULL,
		"Proxies whose X-Forwarded-For and X-Real-IP name the client. Nobody else is "
		"believed." },
	{ "http.metrics", CONFIG_PREFIXES, AT(http.metrics), 0, CONFIG_LIST_MAX, "127.0.0.0/8 ::1",
		NULL, "Clients that may read /metrics without a token." },
	{ "store.url", CONFIG_TEXT, AT(store.url), 0, TEXT_BYTES_MAX, "", NULL,
		"The database: sqlite:PATH or postgresql://... Empty: SQLite in the data folder." },
	{ "feeds.file", CONFIG_PATH, AT(feeds.file), 0, PATH_BYTES_MAX, "", NULL,
		"The feed catalogue. Empty: the one that was installed." },
	{ "feeds.enabled", CONFIG_WORDS, AT(feeds.enabled), 0, CONFIG_LIST_MAX, "", NULL,
		"Feeds to fetch beyond those that the catalogue has on; a name behind an "
		"exclamation "
		"mark is taken off." },
	{ "fetch.timeout", CONFIG_DURATION, AT(fetch.timeout_s), 1, 3600, "1m", NULL,
		"Longest time for one download." },
	{ "fetch.size_max", CONFIG_SIZE, AT(fetch.size_max_bytes), 1024, INT64_C(4) << 30, "256M",
		NULL, "Largest download." },
	{ "parse.workers", CONFIG_COUNT, AT(parse.workers), 0, 256, "0", NULL,
		"Feeds that are read at once. 0: one for each core." },
	{ "parse.memory_max", CONFIG_SIZE, AT(parse.memory_max_bytes), 64 << 20, INT64_C(64) << 30,
		"1G", NULL, "Memory of one reading process; it is ended beyond." },
	{ "snapshot.interval", CONFIG_DURATION, AT(snapshot.interval_s), 1, 86400, "1m", NULL,
		"How often a new generation is written when something changed. Live readers see "
		"changes "
		"at once." },
	{ "retention.days", CONFIG_COUNT, AT(retention.days), 1, 36500, "400", NULL,
		"How long evidence is kept after it was last seen." },
	{ "log.level", CONFIG_CHOICE, AT(log.level), 0, 0, "info", log_levels,
		"The least important events that are logged." },
};
_Static_assert(ARRAY_LEN(rows) <= CONFIG_KEYS_MAX, "few keys, by decision");

size_t config_rows(const struct config_row **out)
{
	*out = rows;
	return ARRAY_LEN(rows);
}

static const struct config_row *row_find(struct str key)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (str_eq(key, str_c(rows[i].key)))
			return &rows[i];
	}
	return NULL;
}

enum { KEY_SHOWN_MAX = 40, KEY_DISTANCE_MAX = 2 };

/* Letters to insert, drop or change to make b of a; both at most KEY_SHOWN_MAX long. */
static size_t distance(struct str a, struct str b)
{
	size_t row[KEY_SHOWN_MAX + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t changed = diagonal + (a.p[i - 1] == b.p[j - 1] ? 0 : 1);
			size_t other = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);

			diagonal = row[j];
			row[j] = changed < other ? changed : other;
		}
	}
	return row[b.n];
}

/* The key that was probably meant: a slip of the fingers, or without its section. NULL for none. */
static const char *key_nearest(struct str key)
{
	const char *nearest = NULL;
	size_t least = KEY_DISTANCE_MAX + 1;

	for (size_t i = 0; i < ARRAY_LEN(rows) && key.n > 1 && key.n <= KEY_SHOWN_MAX; i++) {
		struct str each = str_c(rows[i].key);
		struct str last = str_from_index(each, str_find_last(each, '.') + 1);
		size_t apart =
			str_eq_nocase(key, each) || str_eq(key, last) ? 0 : distance(key, each);

		if (apart < least) {
			least = apart;
			nearest = rows[i].key;
		}
	}
	return nearest;
}

static enum err refuse_key(struct str key, uint64_t line, struct why *why)
{
	const char *nearest = key_nearest(key);

	if (nearest == NULL)
		return fail_at(why, ERR_NOT_FOUND, line, "unknown key '%.*s'",
			STR_FMT(str_first(key, KEY_SHOWN_MAX)));
	return fail_at(why, ERR_NOT_FOUND, line, "unknown key '%.*s', did you mean '%s'?",
		STR_FMT(str_first(key, KEY_SHOWN_MAX)), nearest);
}

enum err config_apply(struct config *config, struct str key, struct str text,
	enum config_origin origin, uint64_t line, struct why *why)
{
	const struct config_row *row = row_find(key);
	union config_value value;
	struct why reason = { 0 };

	if (row == NULL)
		return refuse_key(key, line, why);

	const struct config_kind *kind = config_kind(row->type);

	if (kind->read(row, text, &config->arena, &value, &reason) != OK)
		return fail_at(why, ERR_SYNTAX, line, "%s: %s", row->key, reason.text);
	if (origin < config->origins[row - rows])
		return OK;
	config->origins[row - rows] = origin;
	memcpy((char *)config + row->offset, &value, kind->size);
	return OK;
}

void config_init(struct config *config)
{
	*config = (struct config){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		must(config_apply(config, str_c(rows[i].key), str_c(rows[i].fallback),
			     CONFIG_FROM_DEFAULT, 0, NULL) == OK);
}

void config_done(struct config *config)
{
	arena_done(&config->arena);
	*config = (struct config){ 0 };
}

enum err config_set(struct config *config, const char *key, struct str text, struct why *why)
{
	return config_apply(config, str_c(key), text, CONFIG_FROM_COMMAND_LINE, 0, why);
}

enum err config_get_text(
	const struct config *config, const char *key, struct buf *out, struct why *why)
{
	const struct config_row *row = row_find(str_c(key));
	union config_value value;

	if (row == NULL)
		return refuse_key(str_c(key), 0, why);
	memcpy(&value, (const char *)config + row->offset, config_kind(row->type)->size);
	config_kind(row->type)->write(out, &value);
	return OK;
}

void config_store_url(const struct config *config, struct buf *out)
{
	if (config->store.url.n > 0)
		buf_str(out, config->store.url);
	else
		buf_fmt(out, "sqlite:%.*s/store/pehra.db", STR_FMT(config->data));
}

/* Text in lines as mdoc wants them: a new line for each sentence, none of more than 78 bytes. */
static void document_text(struct buf *out, struct str text)
{
	size_t column = 0;
	bool is_sentence = true; /* a new one begins */
	struct str word;

	while (str_next_word(&text, &word)) {
		if (is_sentence || column + 1 + word.n > DOCUMENT_COLUMNS) {
			buf_byte(out, '\n');
			column = 0;
		} else {
			buf_byte(out, ' ');
			column++;
		}
		buf_str(out, word);
		column += word.n;
		is_sentence = str_ends(word, STR("."));
	}
}

/* "size from 1k to 1G" */
static void document_bounds(struct buf *out, const struct config_row *row)
{
	const struct config_kind *kind = config_kind(row->type);
	union config_value min = { .number = row->min };
	union config_value max = { .number = row->max };

	buf_str(out, str_c(kind->words));
	for (size_t i = 0; row->choices != NULL && row->choices[i] != NULL; i++)
		buf_fmt(out, "%s %s", i > 0 ? "," : "", row->choices[i]);
	if (row->max == 0)
		return;
	if (kind->bounds[0] != '\0') {
		buf_fmt(out, ", at most %lld %s", (long long)row->max, kind->bounds);
		return;
	}
	buf_str(out, STR(" from "));
	kind->write(out, &min);
	buf_str(out, STR(" to "));
	kind->write(out, &max);
}

void config_document(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_fmt(out, ".It Ic %s", rows[i].key);
		document_text(out, str_c(rows[i].doc));
		buf_str(out, STR("\n.br\nType: "));
		document_bounds(out, &rows[i]);
		buf_fmt(out, ".\nDefault: %s.\n",
			rows[i].fallback[0] == '\0' ? "empty" : rows[i].fallback);
	}
}
