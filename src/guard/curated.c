/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/curated.h"

#include "net/special.h"

/* IANA root hints of 2024-07-18 (Debian's dns-root-data). */
static const char *const root_servers[] = {
	"198.41.0.4", "2001:503:ba3e::2:30",   /* a */
	"170.247.170.2", "2801:1b8:10::b",     /* b */
	"192.33.4.12", "2001:500:2::c",        /* c */
	"199.7.91.13", "2001:500:2d::d",       /* d */
	"192.203.230.10", "2001:500:a8::e",    /* e */
	"192.5.5.241", "2001:500:2f::f",       /* f */
	"192.112.36.4", "2001:500:12::d0d",    /* g */
	"198.97.190.53", "2001:500:1::53",     /* h */
	"192.36.148.17", "2001:7fe::53",       /* i */
	"192.58.128.30", "2001:503:c27::2:30", /* j */
	"193.0.14.129", "2001:7fd::1",         /* k */
	"199.7.83.42", "2001:500:9f::42",      /* l */
	"202.12.27.33", "2001:dc3::35",        /* m */
};

/* As their operators publish them. */
static const char *const resolvers[] = {
	"1.1.1.1",
	"1.0.0.1",
	"2606:4700:4700::1111",
	"2606:4700:4700::1001",
	"8.8.8.8",
	"8.8.4.4",
	"2001:4860:4860::8888",
	"2001:4860:4860::8844",
	"9.9.9.9",
	"149.112.112.112",
	"2620:fe::fe",
	"2620:fe::9",
	"208.67.222.222",
	"208.67.220.220",
	"2620:119:35::35",
	"2620:119:53::53",
	"94.140.14.14",
	"94.140.15.15",
	"2a10:50c0::ad1:ff",
	"2a10:50c0::ad2:ff",
};

/* The kinds of net/special.h that are nobody's host, whoever lists them. */
static const char *const hostless[] = { "unspecified", "loopback", "this network", "link-local",
	"multicast", "reserved", "broadcast" };

static void add(struct rules *rules, const struct prefix *prefix, const char *list)
{
	struct indicator indicator = { .kind = INDICATOR_IP, .prefix = *prefix };

	must(rules_add_guard(rules, &indicator, GUARD_NEVER, str_c(list), 0, NULL) == OK);
}

static void add_texts(struct rules *rules, const char *const *texts, size_t n, const char *list)
{
	for (size_t i = 0; i < n; i++) {
		struct prefix prefix;

		must(prefix_parse(str_c(texts[i]), NULL, &prefix, NULL) == OK);
		add(rules, &prefix, list);
	}
}

static bool is_hostless(const struct special *special)
{
	for (size_t i = 0; i < ARRAY_LEN(hostless); i++) {
		if (str_eq(str_c(special->name), str_c(hostless[i])))
			return true;
	}
	return false;
}

void curated_add(struct rules *rules)
{
	const struct special *rows;
	size_t n = special_rows(&rows);

	add_texts(rules, root_servers, ARRAY_LEN(root_servers), CURATED_ROOT_SERVERS);
	add_texts(rules, resolvers, ARRAY_LEN(resolvers), CURATED_RESOLVERS);
	for (size_t i = 0; i < n; i++) {
		if (is_hostless(&rows[i]))
			add(rules, &rows[i].prefix, CURATED_SPECIAL);
	}
}
