/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/peers.h"

#include "base/clock.h"
#include "score/score.h"

#include <math.h>

/* What the claims of one indicator come to. */
struct summary {
	unsigned listed;  /* sources that list it */
	bool has_history; /* an own sensor saw it once */
	double age_days;  /* since any source last saw it; still listed: 0 */
	bool is_claimed;
};

static void summary_add(struct summary *summary, const struct history_source *source,
	const struct ledger_row *row, int64_t now_s)
{
	double age = row->ended_s == 0 ? 0 : (double)(now_s - row->last_seen_s) / DAY_S;
	bool is_listed = source->is_news ? age <= PEER_NEWS_DAYS : row->ended_s == 0;

	/* a listing was a sighting to its end */
	if (!source->is_news && row->ended_s != 0)
		age = (double)(now_s - row->ended_s) / DAY_S;
	summary->listed += is_listed;
	summary->has_history |= source->standing == STANDING_SENSOR;
	if (!summary->is_claimed || age < summary->age_days)
		summary->age_days = age;
	summary->is_claimed = true;
}

static struct summary summary_of(const struct view *view, uint32_t indicator)
{
	const struct ledger *ledger = view->ledger;
	struct summary summary = { 0 };

	for (uint32_t at = ledger->first[indicator]; at != LEDGER_NONE;
		at = ledger->rows[at].next) {
		const struct ledger_row *row = &ledger->rows[at];
		const struct history_source *source = &ledger->history->sources[row->source];

		if (row->source != view->omitted)
			summary_add(&summary, source, row, view->now_s);
	}
	return summary;
}

/* Lists that name it; having been on our own counts as one. */
static double count_rate(const struct view *view, uint32_t indicator)
{
	struct summary summary = summary_of(view, indicator);

	return summary.listed > 0 ? summary.listed : summary.has_history;
}

static double union_rate(const struct view *view, uint32_t indicator)
{
	return summary_of(view, indicator).listed > 0;
}

/* MISP's polynomial with the NIDS model: base * (1 - (age / lifetime)^(1 / speed)). */
static double misp_rate(const struct view *view, uint32_t indicator)
{
	static const double BASE = 80;
	static const double LIFETIME_DAYS = 120;
	static const double SPEED = 2;
	struct summary summary = summary_of(view, indicator);

	if (!summary.is_claimed || summary.age_days >= LIFETIME_DAYS)
		return 0;
	return BASE * (1 - pow(summary.age_days / LIFETIME_DAYS, 1 / SPEED));
}

/* NERD's saturation: half at scale. */
static double saturated(double value, double scale)
{
	return 1 - exp2(-value / scale);
}

/*
 * NERD's reputation: blacklists (severity 5 each, scale 20, today alone) and own sensors (events
 * at scale 10 and detectors at 2 a day, falling linearly over 14 days), as independent chances.
 * Evidence does not count events: ten a day.
 */
static double nerd_rate(const struct view *view, uint32_t indicator)
{
	enum { HISTORY = 14, SEVERITY = 5, LISTS_SCALE = 20 };
	struct summary summary = summary_of(view, indicator);
	const double daily = saturated(10, 10) * saturated(1, 2);
	double sensors = 0;
	double weights = 0;
	double lists = saturated(SEVERITY * summary.listed, LISTS_SCALE);

	for (int age = 0; age < HISTORY; age++) {
		double weight = (double)(HISTORY - age) / HISTORY;

		weights += weight;
		if (summary.has_history && (view->ledger->sensor_days[indicator] >> age & 1) != 0)
			sensors += weight * daily;
	}
	return 1 - (1 - lists) * (1 - sensors / weights);
}

const struct peer peers[PEERS] = {
	[PEER_COUNT] = { "count", "count of lists", count_rate },
	[PEER_MISP] = { "misp", "MISP polynomial (NIDS)", misp_rate },
	[PEER_NERD] = { "nerd", "NERD linear decay", nerd_rate },
	[PEER_UNION] = { "union", "union of lists", union_rate },
};
