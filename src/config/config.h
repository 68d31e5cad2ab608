/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration of one installation: at most 30 keys, because everything else (feeds, people,
 * sectors) is data. One table of rows (key, type, bounds, default, words) makes the parser, the
 * checks, `pehra config list | get`, and the man page pehra.conf(5).
 *
 * Where a value comes from, the later winning: the row's default; the file (YAML,
 * <data>/pehra.conf or --config); the command line. The parent reads it once and hands each role
 * its part; nobody changes it afterwards.
 */
#pragma once

#include "base/arena.h"
#include "net/ip.h"

enum {
	CONFIG_KEYS_MAX = 30,
	CONFIG_LIST_MAX = 64, /* entries of one list */
	CONFIG_FILE_BYTES_MAX = 1 << 20
};

struct config_endpoint {
	struct ipaddr ip;
	uint16_t port; /* 0: the system chooses one */
};

struct config_endpoints {
	struct config_endpoint items[CONFIG_LIST_MAX];
	size_t n;
};

struct config_prefixes {
	struct prefix items[CONFIG_LIST_MAX];
	size_t n;
};

struct config_words {
	struct str items[CONFIG_LIST_MAX];
	size_t n;
};

enum config_origin { CONFIG_FROM_DEFAULT, CONFIG_FROM_FILE, CONFIG_FROM_COMMAND_LINE };

/* Texts lie in the arena, each with a NUL behind it. Members are named as their keys. */
struct config {
	struct str data;
	struct str user;
	struct {
		struct config_endpoints listen;
		struct str zone;
		struct config_prefixes access;
		int64_t rate;
		int64_t workers;
	} dns;
	struct {
		struct config_endpoints listen;
		int64_t rate;
		int64_t body_max_bytes;
		struct str url;
		struct config_prefixes proxies;
		struct config_prefixes metrics;
	} http;
	struct {
		struct str url;
	} store;
	struct {
		struct str file;
		struct config_words enabled;
	} feeds;
	struct {
		int64_t timeout_s;
		int64_t size_max_bytes;
	} fetch;
	struct {
		int64_t workers;
		int64_t memory_max_bytes;
	} parse;
	struct {
		int64_t interval_s;
	} snapshot;
	struct {
		int64_t days;
	} retention;
	struct {
		struct str level;
	} log;
	enum config_origin origins[CONFIG_KEYS_MAX]; /* in the order of config_rows() */
	struct arena arena;
};

enum config_type {
	CONFIG_TEXT,
	CONFIG_PATH,
	CONFIG_BOOL,
	CONFIG_COUNT,     /* a whole number */
	CONFIG_SIZE,      /* bytes; k, M, G are powers of 1024 */
	CONFIG_DURATION,  /* seconds; units s, m, h, d, w */
	CONFIG_ENDPOINTS, /* address:port, [v6]:port */
	CONFIG_PREFIXES,
	CONFIG_WORDS,
	CONFIG_NAME, /* a domain name */
	CONFIG_URL,
	CONFIG_CHOICE,
	CONFIG_TYPES
};

struct config_row {
	const char *key;
	enum config_type type;
	size_t offset; /* in struct config */
	/* bounds of the number; of the length of a text; of the entries of a list */
	int64_t min;
	int64_t max;
	const char *fallback;       /* the default, read as any other value */
	const char *const *choices; /* CONFIG_CHOICE: ends with NULL */
	const char *doc;            /* a sentence for the man page, without mdoc requests */
};

/* The table, in the order of the man page. */
size_t config_rows(const struct config_row **out);

/* All defaults. */
void config_init(struct config *config);
void config_done(struct config *config);

/*
 * Sets what the YAML text says; keys that the command line has set are checked and left. ERR_SYNTAX
 * with the line: bad YAML, aliases, unknown or repeated keys, values that their row refuses. After
 * an error the configuration is of no use.
 */
NODISCARD enum err config_parse(struct config *config, struct str yaml, struct why *why);
/* As config_parse() for a file; ERR_NOT_FOUND when there is none. */
NODISCARD enum err config_load(struct config *config, const char *path, struct why *why);
/* From the command line: wins over any file. Lists are separated by commas or white space. */
NODISCARD enum err config_set(
	struct config *config, const char *key, struct str text, struct why *why);

/* Appends the value as config_set() would read it. ERR_NOT_FOUND for an unknown key. */
NODISCARD enum err config_get_text(
	const struct config *config, const char *key, struct buf *out, struct why *why);

/* What db_open() takes: store.url, or SQLite in the data folder when that is empty. */
void config_store_url(const struct config *config, struct buf *out);

/* The rows as list items in mdoc, for pehra.conf(5). */
void config_document(struct buf *out);
