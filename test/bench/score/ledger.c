/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/ledger.h"

#include "base/clock.h"
#include "score/score.h"

#include <math.h>

/* Of the accumulators as they are stored: half-lives in days. */
static const double RECENT_DAYS = 1.5;
static const double LASTING_DAYS = 20;

void ledger_init(struct ledger *ledger, const struct history *history)
{
	size_t n = history->indicator_count + 1;

	*ledger = (struct ledger){ .history = history, .day = -1 };
	ledger->first = malloc(n * sizeof *ledger->first);
	ledger->sensor_days = calloc(n, sizeof *ledger->sensor_days);
	must(ledger->first != NULL && ledger->sensor_days != NULL);
	for (size_t i = 0; i < n; i++)
		ledger->first[i] = LEDGER_NONE;
}

void ledger_done(struct ledger *ledger)
{
	free(ledger->rows);
	free(ledger->first);
	free(ledger->absences);
	free(ledger->absent);
	free(ledger->sensor_days);
	*ledger = (struct ledger){ 0 };
}

static struct ledger_row *row_find(const struct ledger *ledger, uint32_t indicator, uint16_t source)
{
	uint32_t at = ledger->first[indicator];

	while (at != LEDGER_NONE && ledger->rows[at].source != source)
		at = ledger->rows[at].next;
	return at == LEDGER_NONE ? NULL : &ledger->rows[at];
}

const struct ledger_row *ledger_find(
	const struct ledger *ledger, uint32_t indicator, uint16_t source)
{
	return row_find(ledger, indicator, source);
}

static struct ledger_row *row_add(
	struct ledger *ledger, const struct history_event *event, int64_t now_s, bool is_news)
{
	struct ledger_row *row;

	if (ledger->row_count == ledger->row_capacity) {
		ledger->row_capacity = ledger->row_capacity * 2 + 1024;
		ledger->rows = realloc(ledger->rows, ledger->row_capacity * sizeof *ledger->rows);
		ledger->absent =
			realloc(ledger->absent, ledger->row_capacity * sizeof *ledger->absent);
		must(ledger->rows != NULL && ledger->absent != NULL);
	}
	ledger->absent[ledger->row_count] = 0;
	row = &ledger->rows[ledger->row_count];
	*row = (struct ledger_row){ .indicator = event->indicator,
		.source = event->source,
		.next = ledger->first[event->indicator],
		.first_seen_s = now_s,
		.last_seen_s = now_s,
		.started_s = now_s,
		.ended_s = is_news ? now_s : 0,
		.decayed_at_s = now_s,
		.sighted_s = now_s,
		.recent = 1,
		.lasting = 1 };
	ledger->first[event->indicator] = (uint32_t)ledger->row_count++;
	return row;
}

static void row_brought_to(struct ledger_row *row, int64_t now_s)
{
	double days = (double)(now_s - row->decayed_at_s) / DAY_S;

	row->recent *= exp2(-days / RECENT_DAYS);
	row->lasting *= exp2(-days / LASTING_DAYS);
	row->decayed_at_s = now_s;
}

/* A sighting that is recorded when it is made. */
static void row_sighted(struct ledger_row *row, int64_t now_s)
{
	row_brought_to(row, now_s);
	row->recent++;
	row->lasting++;
	row->sighted_s = now_s;
	row->last_seen_s = now_s;
}

static void absence_begins(struct ledger *ledger, const struct ledger_row *row)
{
	uint32_t number = (uint32_t)(row - ledger->rows);

	if (ledger->absence_count == ledger->absence_capacity) {
		ledger->absence_capacity = ledger->absence_capacity * 2 + 1024;
		ledger->absences = realloc(
			ledger->absences, ledger->absence_capacity * sizeof *ledger->absences);
		must(ledger->absences != NULL);
	}
	ledger->absences[ledger->absence_count++] =
		(struct ledger_absence){ .row = number, .ended_s = row->ended_s };
	ledger->absent[number] = (uint32_t)ledger->absence_count;
}

static void absence_ends(struct ledger *ledger, const struct ledger_row *row, int64_t now_s)
{
	uint32_t *open = &ledger->absent[row - ledger->rows];

	if (*open != 0)
		ledger->absences[*open - 1].returned_s = now_s;
	*open = 0;
}

static void event_begins(struct ledger *ledger, const struct history_event *event, int64_t now_s)
{
	struct ledger_row *row = row_find(ledger, event->indicator, event->source);

	if (row == NULL) {
		row_add(ledger, event, now_s, false);
		return;
	}
	must(row->ended_s != 0);
	row_sighted(row, now_s);
	row->started_s = now_s;
	row->ended_s = 0;
	row->episodes++;
	absence_ends(ledger, row, now_s);
}

static void event_ends(struct ledger *ledger, const struct history_event *event, int64_t now_s)
{
	struct ledger_row *row = row_find(ledger, event->indicator, event->source);

	must(row != NULL && row->ended_s == 0);
	row_brought_to(row, now_s);
	/* what was listed until now counts as seen until now */
	row->recent = fmax(row->recent, 1);
	row->lasting = fmax(row->lasting, 1);
	row->ended_s = now_s;
	absence_begins(ledger, row);
}

/* News, or a list that says that it saw what it lists; on the day that a listing begins it is part
 * of its beginning. */
static void event_seen(struct ledger *ledger, const struct history_event *event, int64_t now_s)
{
	bool is_news = ledger->history->sources[event->source].is_news;
	struct ledger_row *row = row_find(ledger, event->indicator, event->source);

	if (row == NULL) {
		must(is_news);
		row_add(ledger, event, now_s, true);
		return;
	}
	if (row->last_seen_s == now_s)
		return;
	must(is_news || row->ended_s == 0);
	/* news tell of no ends: what was not seen for longer than a day was away */
	if (is_news && now_s - row->last_seen_s > DAY_S) {
		row->started_s = now_s;
		row->episodes++;
	}
	row_sighted(row, now_s);
	if (is_news)
		row->ended_s = now_s;
}

static void sensors_to(struct ledger *ledger, size_t from)
{
	const struct history *history = ledger->history;

	for (size_t i = 0; i < history->indicator_count; i++) {
		uint32_t at = ledger->first[i];
		bool is_listed = false;

		for (; at != LEDGER_NONE; at = ledger->rows[at].next)
			is_listed |= history->sources[ledger->rows[at].source].standing ==
					     STANDING_SENSOR &&
				     ledger->rows[at].ended_s == 0;
		ledger->sensor_days[i] = ledger->sensor_days[i] << 1 | is_listed;
	}
	for (; from < ledger->next_event; from++) {
		const struct history_event *event = &history->events[from];

		if (event->what != HISTORY_ENDS &&
			history->sources[event->source].standing == STANDING_SENSOR)
			ledger->sensor_days[event->indicator] |= 1;
	}
}

void ledger_to(struct ledger *ledger, int32_t day)
{
	static void (*const events[])(
		struct ledger * ledger, const struct history_event *event, int64_t now_s) = {
		[HISTORY_BEGINS] = event_begins,
		[HISTORY_ENDS] = event_ends,
		[HISTORY_SEEN] = event_seen,
	};
	const struct history *history = ledger->history;

	must(day >= ledger->day);
	while (ledger->day < day) {
		size_t from = ledger->next_event;
		int64_t now_s = history_read_s(history, (uint32_t)++ledger->day);

		for (; ledger->next_event < history->event_count; ledger->next_event++) {
			const struct history_event *event = &history->events[ledger->next_event];

			if (event->day != ledger->day)
				break;
			events[event->what](ledger, event, now_s);
		}
		sensors_to(ledger, from);
	}
}
