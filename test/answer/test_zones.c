/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every zone on random snapshots of the real builder, against what the entries themselves say by
 * linear search and by the rules as the documents put them.
 */
#include "ask.h"
#include "prop.h"

#include "answer/sample.h"
#include "evidence/taxonomy.h"

#include <unistd.h>

#define BASE "rep.pehra.test"

enum { ENTRIES_MAX = 60, QUERIES = 2000 };

struct entry {
	struct prefix prefix;
	char name[24]; /* instead of the prefix when not empty */
	bool is_below;
	unsigned category; /* index in categories */
	unsigned scores[PEHRA_ROLES];
	unsigned action;
};

struct world {
	struct entry entries[ENTRIES_MAX];
	size_t n;
	char folder[64];
	struct respond_config config;
	struct answer_worker_stats stats;
	struct responder responder;
};

static const struct {
	const char *name;
	unsigned code;
	unsigned role;
} categories[] = {
	{ "scanner", 2, PEHRA_SOURCE },
	{ "spam", 6, PEHRA_SOURCE },
	{ "c2-server", 8, PEHRA_DESTINATION },
	{ "phishing", 10, PEHRA_DESTINATION },
	{ "tor", 20, PEHRA_POLICY },
	{ "data-leak", 12, PEHRA_SOURCE },
};

static const char *const zone_prefixes[] = { "", "src.", "dst.", "pol.", "allow.", "score.",
	"dom." };

static void random_ip(struct prop *prop, struct ipaddr *out)
{
	static const uint32_t nets[] = { 0xc0000200, 0xc6336400, 0xcb007100 };

	if (prop_below(prop, 2) == 0) {
		*out = ip_from_u32(nets[prop_below(prop, 3)] + (uint32_t)prop_below(prop, 32));
		return;
	}
	*out = (struct ipaddr){ { 0x20, 1, 0xd, 0xb8 } };
	out->bytes[7] = (uint8_t)prop_below(prop, 3);
	out->bytes[8 + prop_below(prop, 8)] = (uint8_t)prop_below(prop, 4);
}

static void random_name(struct prop *prop, char *out, size_t size)
{
	static const char *const labels[] = { "a", "b", "c" };
	size_t depth = 1 + prop_below(prop, 3);

	out[0] = '\0';
	for (size_t i = 0; i < depth; i++)
		snprintf(out + strlen(out), size - strlen(out), "%s.",
			labels[prop_below(prop, ARRAY_LEN(labels))]);
	snprintf(out + strlen(out), size - strlen(out), "example");
}

static bool is_there(const struct world *world, const struct entry *entry)
{
	for (size_t i = 0; i < world->n; i++) {
		const struct entry *other = &world->entries[i];

		if (strcmp(other->name, entry->name) == 0 && other->is_below == entry->is_below &&
			prefix_cmp(&other->prefix, &entry->prefix) == 0)
			return true;
	}
	return false;
}

static void random_entry(struct world *world, struct prop *prop)
{
	struct entry entry = { .category = (unsigned)prop_below(prop, ARRAY_LEN(categories)),
		.action = (unsigned)prop_below(prop, 5) };
	struct ipaddr ip;

	for (size_t role = 0; role < PEHRA_ROLES; role++)
		entry.scores[role] = (unsigned)(prop_below(prop, 2) * prop_below(prop, 101));
	if (prop_below(prop, 3) == 0) {
		random_name(prop, entry.name, sizeof entry.name);
		entry.is_below = prop_below(prop, 2) == 0;
	} else {
		random_ip(prop, &ip);
		entry.prefix =
			ip_is_v4(&ip)
				? prefix_around(&ip, (uint8_t)(96 + 20 + prop_below(prop, 13)))
				: prefix_around(&ip, (uint8_t)(32 + prop_below(prop, 97)));
	}
	if (!is_there(world, &entry))
		world->entries[world->n++] = entry;
}

static void build(struct world *world)
{
	CLEANUP(buf_done) struct buf lines = { 0 };

	for (size_t i = 0; i < world->n; i++) {
		const struct entry *entry = &world->entries[i];

		if (entry->name[0] == '\0')
			prefix_format(&lines, &entry->prefix);
		else
			buf_fmt(&lines, "%s%s", entry->is_below ? "*." : "", entry->name);
		buf_fmt(&lines, " %s %u %u %u %u\n", categories[entry->category].name,
			entry->scores[0], entry->scores[1], entry->scores[2], entry->action);
	}
	sample_build(world->folder, buf_view(&lines), 1);
}

/* What A is to answer for an entry, as text; empty when the zone does not list it. */
static void expected_answer(const struct entry *entry, enum zone zone, char *out, size_t size)
{
	const unsigned *scores = entry->scores;
	unsigned highest = scores[0] > scores[1] ? scores[0] : scores[1];
	bool is_listed = entry->action >= PEHRA_WATCH && entry->action != PEHRA_ALLOW;
	/* a person's, whatever is claimed */
	bool is_by_hand = entry->action == PEHRA_BLOCK && highest == 0 && scores[2] == 0;

	out[0] = '\0';
	if (zone == ZONE_ALLOW && entry->action == PEHRA_ALLOW)
		snprintf(out, size, "127.0.0.40");
	else if (zone == ZONE_SCORE && highest > 0 && entry->action != PEHRA_ALLOW)
		snprintf(out, size, "127.0.1.%u", highest);
	else if ((is_by_hand && zone != ZONE_POLICY && zone != ZONE_SCORE && zone != ZONE_ALLOW) ||
		 (zone == ZONE_SOURCE && is_listed && scores[0] > 0) ||
		 (zone == ZONE_DESTINATION && is_listed && scores[1] > 0) ||
		 (zone == ZONE_POLICY && is_listed && scores[2] > 0) ||
		 ((zone == ZONE_COMBINED || zone == ZONE_NAMES) && is_listed &&
			 (highest > 0 || scores[2] > 0)))
		snprintf(out, size, "127.0.0.%u", categories[entry->category].code);
}

static const struct entry *closest(const struct world *world, const struct ipaddr *ip)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < world->n; i++) {
		const struct entry *entry = &world->entries[i];

		if (entry->name[0] == '\0' && prefix_contains_ip(&entry->prefix, ip) &&
			(best == NULL || entry->prefix.length > best->prefix.length))
			best = entry;
	}
	return best;
}

/* "1.2.0.192." or nibbles, most specific first, of the first length bits. */
static void reversed(const struct ipaddr *ip, uint8_t length, char *out, size_t size)
{
	bool is_v4 = ip_is_v4(ip) && length >= 96;
	unsigned step = is_v4 ? 8 : 4;

	out[0] = '\0';
	for (unsigned at = length; at > (is_v4 ? 96U : 0U); at -= step) {
		unsigned byte = ip->bytes[(at - 1) / 8];

		if (is_v4)
			snprintf(out + strlen(out), size - strlen(out), "%u.", byte);
		else
			snprintf(out + strlen(out), size - strlen(out), "%x.",
				at % 8 == 0 ? byte & 0xf : byte >> 4);
	}
}

static const char *compare(
	struct world *world, const char *name, const char *answers, bool is_existing)
{
	struct ask question = { .name = name, .type = DNS_TYPE_A };
	struct told told = ask(&world->responder, &question);

	if (strcmp(told.text, answers) != 0)
		return "another answer";
	return told.rcode == (is_existing ? DNS_NOERROR : DNS_NXDOMAIN) ? NULL : "another rcode";
}

static const char *ask_address(struct world *world, struct prop *prop)
{
	enum zone zone = (enum zone)prop_below(prop, ZONE_NAMES);
	struct ipaddr ip;
	char name[256];
	char answers[32] = "";
	const struct entry *entry;

	random_ip(prop, &ip);
	entry = closest(world, &ip);
	if (entry != NULL)
		expected_answer(entry, zone, answers, sizeof answers);
	reversed(&ip, 128, name, sizeof name);
	snprintf(name + strlen(name), sizeof name - strlen(name), "%s" BASE ".",
		zone_prefixes[zone]);
	return compare(world, name, answers, answers[0] != '\0');
}

/* A part of an address exists when an entry touches it; it never has an address of its own. */
static const char *ask_part(struct world *world, struct prop *prop)
{
	enum zone zone = (enum zone)prop_below(prop, ZONE_NAMES);
	struct ipaddr ip;
	struct prefix part;
	char name[256];
	bool is_existing = false;

	random_ip(prop, &ip);
	/* beyond four labels, so that no octet is taken for a nibble */
	part = ip_is_v4(&ip) ? prefix_around(&ip, (uint8_t)(96 + 8 * (1 + prop_below(prop, 3))))
			     : prefix_around(&ip, (uint8_t)(4 * (5 + prop_below(prop, 27))));
	for (size_t i = 0; i < world->n; i++) {
		const struct entry *entry = &world->entries[i];

		is_existing |=
			entry->name[0] == '\0' && (prefix_contains(&part, &entry->prefix) ||
							  prefix_contains(&entry->prefix, &part));
	}
	reversed(&part.address, part.length, name, sizeof name);
	snprintf(name + strlen(name), sizeof name - strlen(name), "%s" BASE ".",
		zone_prefixes[zone]);
	return compare(world, name, "", is_existing);
}

static bool is_at_or_below(struct str name, struct str parent)
{
	return str_eq(name, parent) || (name.n > parent.n && str_ends(name, parent) &&
					       name.p[name.n - parent.n - 1] == '.');
}

static const char *ask_name(struct world *world, struct prop *prop)
{
	const struct entry *best = NULL;
	char asked[24];
	char name[64];
	char answers[32] = "";
	bool is_existing = false;

	random_name(prop, asked, sizeof asked);
	for (size_t i = 0; i < world->n; i++) {
		const struct entry *entry = &world->entries[i];
		struct str listed = str_c(entry->name);

		if (listed.n == 0)
			continue;
		is_existing |= is_at_or_below(listed, str_c(asked));
		if (!(entry->is_below ? is_at_or_below(str_c(asked), listed)
				      : str_eq(str_c(asked), listed)))
			continue;
		/* the exact listing before the one with everything below */
		if (best == NULL || strlen(best->name) < listed.n ||
			(strlen(best->name) == listed.n && best->is_below))
			best = entry;
	}
	if (best != NULL)
		expected_answer(best, ZONE_NAMES, answers, sizeof answers);
	snprintf(name, sizeof name, "%s.dom." BASE ".", asked);
	return compare(world, name, answers, is_existing || answers[0] != '\0');
}

static void world_done(struct world *world)
{
	static const char *const files[] = { "generation.pehra", "snapshot.key", "snapshot.pub" };
	char path[96];

	responder_done(&world->responder);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof path, "%s/%s", world->folder, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(world->folder);
}

static const char *zones_agree(struct prop *prop)
{
	static const char *(*const questions[])(
		struct world * world, struct prop * prop) = { ask_address, ask_part, ask_name };
	CLEANUP(world_done) struct world world = { .folder = "/tmp/pehra-zones-XXXXXX" };
	struct pehra *snapshot;
	const char *wrong = NULL;
	char path[96];

	assert_non_null(mkdtemp(world.folder));
	for (size_t i = 1 + prop_below(prop, ENTRIES_MAX); i > 0; i--)
		random_entry(&world, prop);
	build(&world);
	snprintf(path, sizeof path, "%s/generation.pehra", world.folder);
	assert_int_equal(pehra_open(path, PEHRA_OPEN_VERIFY, &snapshot), PEHRA_OK);
	assert_int_equal(zones_init(&world.config.zones, STR(BASE), STR(""), NULL), OK);
	world.responder = (struct responder){
		.config = &world.config, .stats = &world.stats, .snapshot = snapshot
	};
	for (size_t i = 0; i < QUERIES && wrong == NULL; i++)
		wrong = questions[prop_below(prop, ARRAY_LEN(questions))](&world, prop);
	pehra_close(snapshot);
	return wrong;
}

static void test_zones(void **state)
{
	(void)state;
	PROP_RUN(15, zones_agree);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
