/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sources of a world: those that watch, those that repeat others, those that are wrong. Their
 * qualities are assumed, within what was measured of public lists: of what they name and the label
 * does not, between 0 and 18 % is on the label's list within three days.
 */
#include "bench/score/world_int.h"

#include "score/score.h"

enum { LOGIN = 1 << ATTACK_LOGIN, WEB = 1 << ATTACK_WEB, SCAN = 1 << ATTACK_SCAN };
enum { MAIL = 1 << ATTACK_MAIL, ALL = LOGIN | WEB | SCAN | MAIL };
enum { BULK_DAYS = 200, FOREVER = 20000 };

enum way {
	LABEL,    /* the list to be foretold */
	WATCHES,  /* attackers */
	BULK,     /* a large list of what once was something, and some attackers */
	OF_KIND,  /* what is of one kind, while it is */
	COPIES,   /* another list, days later */
	COLLECTS, /* what two of several lists name */
	POISONS   /* innocents, among a few attackers */
};

/* Probabilities and days. */
struct source_plan {
	const char *name;
	enum way way;
	uint8_t role;
	uint8_t category;
	uint8_t standing;
	uint8_t kind;    /* OF_KIND */
	uint8_t attacks; /* that it can see, as bits */
	bool is_news;
	bool is_dated;
	double visible; /* of the hosts whose attacks it can see */
	double kinship; /* 0: sees hosts whatever the label sees, 1: the same ones */
	double daily;   /* chance to see an active host on a day */
	double wrong;   /* innocents for each attacker that it lists */
	uint16_t delay; /* from sight to list */
	uint16_t keeps; /* days after the last sight */
	int leader;     /* COPIES: the source that it copies, delay days later */
};

#define SRC .role = ROLE_SOURCE
static const struct source_plan plans[] = {
	{ "own-list", LABEL, SRC, CATEGORY_IDS_ALERT, STANDING_SENSOR, .wrong = 0.01 },
	{ "own-hits", WATCHES, SRC, CATEGORY_BRUTE_FORCE, STANDING_SENSOR, .attacks = ALL,
		.is_news = true, .visible = 0.3, .kinship = 0.5, .daily = 0.8, .wrong = 0.01 },
	{ "login-watch", WATCHES, SRC, CATEGORY_BRUTE_FORCE, STANDING_VOUCHED, .attacks = LOGIN,
		.is_dated = true, .visible = 0.5, .kinship = 0.7, .daily = 0.6, .wrong = 0.01,
		.keeps = 3 },
	{ "web-watch", WATCHES, SRC, CATEGORY_EXPLOIT, STANDING_VOUCHED, .attacks = WEB,
		.visible = 0.5, .kinship = 0.5, .daily = 0.5, .wrong = 0.02, .delay = 1,
		.keeps = 7 },
	{ "scan-watch", WATCHES, SRC, CATEGORY_SCANNER, STANDING_VOUCHED, .attacks = SCAN | LOGIN,
		.is_dated = true, .visible = 0.35, .kinship = 0.5, .daily = 0.5, .wrong = 0.02,
		.keeps = 1 },
	{ "mail-watch", WATCHES, SRC, CATEGORY_SPAM, STANDING_VOUCHED, .attacks = MAIL,
		.visible = 0.5, .kinship = 0.1, .daily = 0.6, .wrong = 0.02, .keeps = 5 },
	{ "broad-good", WATCHES, SRC, CATEGORY_IDS_ALERT, STANDING_VOUCHED, .attacks = ALL,
		.visible = 0.25, .kinship = 0.5, .daily = 0.4, .wrong = 0.03, .delay = 1,
		.keeps = 14 },
	{ "broad-fair", WATCHES, SRC, CATEGORY_IDS_ALERT, STANDING_VOUCHED, .attacks = ALL,
		.visible = 0.15, .kinship = 0.2, .daily = 0.4, .wrong = 0.1, .delay = 2,
		.keeps = 30 },
	{ "broad-slow", WATCHES, SRC, CATEGORY_IDS_ALERT, STANDING_NEW, .attacks = ALL,
		.visible = 0.2, .daily = 0.3, .wrong = 0.1, .delay = 6, .keeps = 30 },
	{ "noisy-some", WATCHES, SRC, CATEGORY_IDS_ALERT, STANDING_NEW, .attacks = ALL,
		.visible = 0.15, .daily = 0.3, .wrong = 0.8, .delay = 2, .keeps = 60 },
	{ "noisy-most", WATCHES, SRC, CATEGORY_IDS_ALERT, STANDING_VOUCHED, .attacks = ALL,
		.visible = 0.08, .daily = 0.3, .wrong = 2.5, .delay = 3, .keeps = 90 },
	{ "bulk-first", BULK, SRC, CATEGORY_IDS_ALERT, STANDING_VOUCHED, .attacks = ALL,
		.visible = 0.03, .daily = 0.2, .delay = 4, .keeps = 300 },
	{ "bulk-second", BULK, SRC, CATEGORY_IDS_ALERT, STANDING_NEW, .attacks = ALL,
		.visible = 0.02, .daily = 0.2, .delay = 4, .keeps = 300 },
	{ "never-ends", WATCHES, SRC, CATEGORY_IDS_ALERT, STANDING_VOUCHED, .attacks = ALL,
		.visible = 0.15, .daily = 0.3, .wrong = 0.05, .delay = 1, .keeps = FOREVER },
	{ "scanners", OF_KIND, SRC, CATEGORY_SCANNER, STANDING_VOUCHED, .kind = WORLD_SCANNER,
		.visible = 0.8, .keeps = 90 },
	{ "tor-exits", OF_KIND, ROLE_POLICY, CATEGORY_TOR, STANDING_VOUCHED, .kind = WORLD_TOR,
		.visible = 0.95, .keeps = 60 },
	{ "c2-first", OF_KIND, ROLE_DESTINATION, CATEGORY_C2_SERVER, STANDING_VOUCHED,
		.kind = WORLD_C2, .visible = 0.6, .keeps = 200 },
	{ "c2-second", OF_KIND, ROLE_DESTINATION, CATEGORY_C2_SERVER, STANDING_VOUCHED,
		.kind = WORLD_C2, .visible = 0.4, .delay = 2, .keeps = 30 },
	{ "copy-of-login", COPIES, SRC, CATEGORY_BRUTE_FORCE, STANDING_VOUCHED, .delay = 1,
		.leader = 2 },
	{ "copy-of-broad", COPIES, SRC, CATEGORY_IDS_ALERT, STANDING_NEW, .delay = 2, .leader = 6 },
	{ "list-of-lists", COLLECTS, SRC, CATEGORY_IDS_ALERT, STANDING_VOUCHED, .delay = 1 },
	{ "poison-loud", POISONS, SRC, CATEGORY_IDS_ALERT, STANDING_NEW, .attacks = ALL,
		.visible = 0.03, .daily = 0.3, .wrong = 4, .keeps = 30 },
	{ "poison-quiet", POISONS, SRC, CATEGORY_IDS_ALERT, STANDING_NEW, .attacks = ALL,
		.visible = 0.05, .daily = 0.3, .wrong = 0.5, .keeps = 14 },
};

/* Of what list-of-lists collects. */
static const uint16_t collected[] = { 2, 3, 4, 5, 6, 7, 9 };

/* Of those who must never be blocked, how many each source may take for attackers. */
static const double PROTECTED_SHARE = 0.1;

struct teller {
	struct world *world;
	const struct source_plan *plan;
	uint16_t source;
	/* the listing that is open */
	uint32_t indicator;
	int32_t from;
	int32_t until;
	size_t listings;
};

static struct chance chance_of(const struct teller *teller, unsigned step, uint64_t of)
{
	return chance_for(teller->world->settings.seed,
		FOR_SOURCES + 8 * (uint64_t)teller->source + step, of);
}

static void tell(struct teller *teller, enum history_what what, int32_t day)
{
	if (day < 0)
		day = what == HISTORY_SEEN ? -1 : 0;
	if (day >= 0 && day < (int32_t)teller->world->settings.days)
		history_add(&teller->world->history,
			(struct history_event){ .indicator = teller->indicator,
				.source = teller->source,
				.day = (uint16_t)day,
				.what = (uint8_t)what });
}

/* A listing that ended before day 0 is not told. */
static void listing_close(struct teller *teller)
{
	if (teller->from < teller->until && teller->until > 0) {
		tell(teller, HISTORY_BEGINS, teller->from);
		tell(teller, HISTORY_ENDS, teller->until);
		teller->listings++;
	}
	teller->from = teller->until = 0;
}

/* Listed from..until-1; joins the open listing when they touch. Days in rising order. */
static void listing_extend(struct teller *teller, int32_t from, int32_t until)
{
	if (teller->until != teller->from && from <= teller->until) {
		teller->until = until > teller->until ? until : teller->until;
		return;
	}
	listing_close(teller);
	teller->from = from;
	teller->until = until;
}

static void sighting(struct teller *teller, int32_t day)
{
	const struct source_plan *plan = teller->plan;

	if (plan->is_news || plan->is_dated)
		tell(teller, HISTORY_SEEN, day + plan->delay);
	if (!plan->is_news)
		listing_extend(teller, day + plan->delay, day + plan->delay + plan->keeps + 1);
}

static bool can_see(const struct teller *teller, uint32_t number)
{
	const struct world_host *host = &teller->world->hosts[number];
	const struct source_plan *plan = teller->plan;
	double met = teller->world->settings.label_visible;
	struct chance chance = chance_of(teller, 0, host->address);
	double visible = plan->visible;

	if (host->first_spell == 0 || host->kind == WORLD_C2 ||
		(plan->attacks & 1U << host->attack) == 0)
		return false;
	if (plan->standing != STANDING_SENSOR)
		visible *= teller->world->settings.list_coverage;
	visible *= host->is_met ? 1 + plan->kinship * (1 - met) / met : 1 - plan->kinship;
	return chance_is(&chance, visible);
}

static void watch_host(struct teller *teller, uint32_t number)
{
	const struct world *world = teller->world;
	const struct world_host *host = &world->hosts[number];

	teller->indicator = number;
	for (uint32_t at = host->first_spell; at != 0; at = world->spells[at].next) {
		const struct world_spell *spell = &world->spells[at];
		int32_t last = spell->last < (int32_t)world->settings.days
				       ? spell->last
				       : (int32_t)world->settings.days;

		for (int32_t day = spell->begin; day <= last; day++) {
			struct chance chance =
				chance_of(teller, 1, (uint64_t)host->address << 16 | (uint16_t)day);

			if (chance_is(&chance, teller->plan->daily) &&
				world_is_active(world, number, day))
				sighting(teller, day);
		}
	}
	listing_close(teller);
}

/* Could the source take this one for an attacker? Each once, so that listings do not overlap. */
static bool can_mistake(const struct teller *teller, uint32_t number, const bool *is_told)
{
	struct chance chance = chance_of(teller, 4, number);
	uint8_t kind = teller->world->hosts[number].kind;

	return !is_told[number] &&
	       (kind == WORLD_INNOCENT ||
		       (kind == WORLD_PROTECTED && chance_is(&chance, PROTECTED_SHARE)));
}

/* n innocents listed (or met) in error, at any time; fewer when there are not so many. */
static void be_wrong(struct teller *teller, double n)
{
	const struct world *world = teller->world;
	uint32_t days = world->settings.days;
	struct chance chance = chance_of(teller, 2, 0);
	uint16_t keeps = teller->plan->keeps % FOREVER;
	bool *is_told = calloc(world->host_count + 1, sizeof *is_told);
	size_t told = 0;

	must(is_told != NULL);
	for (size_t i = 0; told < (size_t)n && i < 16 * world->host_count; i++) {
		uint32_t at = chance_below(&chance, (uint32_t)world->host_count);

		if (!can_mistake(teller, at, is_told))
			continue;
		is_told[at] = true;
		teller->indicator = at;
		sighting(teller, (int32_t)chance_below(&chance, days + keeps) - keeps);
		listing_close(teller);
		told++;
	}
	free(is_told);
}

static void tell_watch(struct teller *teller)
{
	size_t before = teller->world->history.event_count;
	double told;

	for (uint32_t i = 0; i < teller->world->host_count; i++) {
		if (can_see(teller, i))
			watch_host(teller, i);
	}
	told = teller->plan->is_news ? (double)(teller->world->history.event_count - before)
				     : (double)teller->listings;
	be_wrong(teller, told * teller->plan->wrong);
}

/* The label meets a host from the day that its spell says until its retention has run out. */
static void tell_label(struct teller *teller)
{
	const struct world *world = teller->world;

	for (uint32_t i = 0; i < world->host_count; i++) {
		const struct world_host *host = &world->hosts[i];

		teller->indicator = i;
		if (!host->is_met || host->kind == WORLD_C2)
			continue;
		for (uint32_t at = host->first_spell; at != 0; at = world->spells[at].next)
			listing_extend(teller, world->spells[at].met,
				world->spells[at].last + WORLD_RETENTION_DAYS);
		listing_close(teller);
	}

	struct source_plan wrong = *teller->plan;
	const struct source_plan *plan = teller->plan;

	wrong.keeps = WORLD_RETENTION_DAYS - 1;
	teller->plan = &wrong;
	be_wrong(teller, (double)teller->listings * plan->wrong);
	teller->plan = plan;
}

/* Besides attackers, innocents by a draw that bulk lists partly share; they stay for long. */
static void tell_bulk(struct teller *teller)
{
	const struct world *world = teller->world;
	int32_t days = (int32_t)world->settings.days;

	tell_watch(teller);
	for (uint32_t i = 0; i < world->host_count; i++) {
		struct chance shared =
			chance_for(world->settings.seed, FOR_SOURCES, world->hosts[i].address);
		struct chance own = chance_of(teller, 3, world->hosts[i].address);
		double at = chance_unit(&shared);
		int32_t from;

		if (world->hosts[i].kind != WORLD_INNOCENT || !(at < 0.5 || chance_is(&own, 0.3)))
			continue;
		teller->indicator = i;
		from = chance_is(&own, 0.5) ? 0 : (int32_t)chance_below(&own, (uint32_t)days);
		listing_extend(teller, from,
			from + (int32_t)ceil(chance_exponential(&own, BULK_DAYS)) + 1);
		listing_close(teller);
	}
}

static void tell_kind(struct teller *teller)
{
	const struct world *world = teller->world;
	const struct source_plan *plan = teller->plan;

	for (uint32_t i = 0; i < world->host_count; i++) {
		struct chance chance = chance_of(teller, 0, world->hosts[i].address);

		if (world->hosts[i].kind != plan->kind || !chance_is(&chance, plan->visible))
			continue;
		teller->indicator = i;
		for (uint32_t at = world->hosts[i].first_spell; at != 0;
			at = world->spells[at].next)
			listing_extend(teller, world->spells[at].begin + plan->delay,
				world->spells[at].last + plan->delay + plan->keeps);
		listing_close(teller);
	}
}

/* Nearly everything that the leader says, days later. */
static void tell_copy(struct teller *teller)
{
	static const double COPIED = 0.98;
	struct world *world = teller->world;
	size_t n = world->history.event_count;

	world->copies[teller->source] = (uint16_t)teller->plan->leader;
	for (size_t i = 0; i < n; i++) {
		struct history_event event = world->history.events[i];
		struct chance chance = chance_of(teller, 0, event.indicator);

		if (event.source != teller->plan->leader || event.what == HISTORY_SEEN ||
			!chance_is(&chance, COPIED))
			continue;
		teller->indicator = event.indicator;
		tell(teller, event.what, event.day + teller->plan->delay);
	}
}

static bool is_collected(uint16_t source)
{
	for (size_t i = 0; i < ARRAY_LEN(collected); i++) {
		if (collected[i] == source)
			return true;
	}
	return false;
}

/* What at least two of its lists name; once a day, a day later. */
static void tell_collection(struct teller *teller)
{
	struct world *world = teller->world;
	struct history *history = &world->history;
	uint8_t *lists = calloc(world->host_count, 1);
	bool *is_told = calloc(world->host_count, sizeof *is_told);
	size_t n = history->event_count;

	must(lists != NULL && is_told != NULL);
	history_sort(history);
	for (size_t at = 0; at < n;) {
		uint16_t day = history->events[at].day;
		size_t end = at;

		for (; end < n && history->events[end].day == day; end++) {
			struct history_event event = history->events[end];

			if (!is_collected(event.source) || event.what == HISTORY_SEEN)
				continue;
			lists[event.indicator] = (uint8_t)(lists[event.indicator] +
							   (event.what == HISTORY_BEGINS ? 1 : -1));
		}
		for (; at < end; at++) {
			uint32_t indicator = history->events[at].indicator;
			bool is_listed = lists[indicator] >= 2;

			if (is_listed == is_told[indicator])
				continue;
			is_told[indicator] = is_listed;
			teller->indicator = indicator;
			tell(teller, is_listed ? HISTORY_BEGINS : HISTORY_ENDS,
				day + teller->plan->delay);
		}
	}
	free(lists);
	free(is_told);
}

static void (*const ways[])(struct teller *teller) = {
	[LABEL] = tell_label,
	[WATCHES] = tell_watch,
	[BULK] = tell_bulk,
	[OF_KIND] = tell_kind,
	[COPIES] = tell_copy,
	[COLLECTS] = tell_collection,
	[POISONS] = tell_watch,
};

void world_make_sources(struct world *world)
{
	struct history *history = &world->history;

	history->source_count = ARRAY_LEN(plans);
	history->label = 0;
	history->sources = arena_array(&history->arena, ARRAY_LEN(plans), sizeof *history->sources);
	for (size_t i = 0; i < HISTORY_SOURCES_MAX; i++)
		world->copies[i] = HISTORY_SOURCES_MAX;
	for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
		const struct source_plan *plan = &plans[i];
		struct teller teller = { .world = world, .plan = plan, .source = (uint16_t)i };

		history->sources[i] = (struct history_source){ .name = str_c(plan->name),
			.role = plan->role,
			.category = plan->category,
			.standing = plan->standing,
			.is_news = plan->is_news,
			.is_dated = plan->is_dated };
		ways[plan->way](&teller);
	}
}
