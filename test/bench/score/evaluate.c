/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/evaluate_int.h"

#include "base/clock.h"
#include "pehra.h"

#include <math.h>
#include <time.h>

const uint32_t evaluation_lengths[LENGTHS] = { 1000, 10000, 50000 };

const char *method_name(unsigned method)
{
	return method == METHOD_LEARNED    ? "pehra"
	       : method == METHOD_BUILT_IN ? "unlearned"
					   : peers[method - METHOD_PEERS].name;
}

const char *method_title(unsigned method)
{
	return method == METHOD_LEARNED    ? "Pehra"
	       : method == METHOD_BUILT_IN ? "Pehra, nothing learned"
					   : peers[method - METHOD_PEERS].title;
}

const char *subset_name(unsigned subset)
{
	static const char *const names[SUBSETS] = { [SUBSET_ALL] = "all",
		[SUBSET_SEEN] = "seen",
		[SUBSET_UNSEEN] = "unseen",
		[SUBSET_LISTED] = "listed" };

	return names[subset];
}

void evaluation_plan_default(struct evaluation_plan *out, uint32_t days, double scale)
{
	enum { WATCHED = 56 };
	uint32_t first = days * 45 / 100;

	*out = (struct evaluation_plan){ .first_learning = days / 6 > 14 ? days / 6 : 14,
		.learn_every = 7,
		.first_day = first,
		.every = 7,
		.watch_from = days - SCORE_HORIZON_DAYS > first + WATCHED
				      ? days - SCORE_HORIZON_DAYS - WATCHED
				      : first,
		.watch_end = days - SCORE_HORIZON_DAYS,
		.scale = scale };
}

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void rated_init(struct rated *rated, size_t n)
{
	for (unsigned method = 0; method < METHODS; method++) {
		rated->rates[method] = calloc(n + 1, sizeof *rated->rates[method]);
		must(rated->rates[method] != NULL);
	}
	rated->actions = calloc(n + 1, 1);
	rated->scored = calloc(n + 1, 1);
	must(rated->actions != NULL && rated->scored != NULL);
}

void rated_done(struct rated *rated)
{
	for (unsigned method = 0; method < METHODS; method++)
		free(rated->rates[method]);
	free(rated->actions);
	free(rated->scored);
}

/* In any role: that an address is no attacker is to be foretold as well. */
static bool is_claimed(const struct ledger *ledger, uint32_t indicator)
{
	return ledger->first[indicator] != LEDGER_NONE;
}

void run_rate(struct run *run, struct rated *rated)
{
	struct view view = { .ledger = &run->now,
		.now_s = history_judge_s(run->history, (uint32_t)run->now.day),
		.omitted = HISTORY_SOURCES_MAX };
	struct verdict verdict;
	uint64_t judged = 0;
	double begun;

	forecast_day(&run->learned, &run->now, view.now_s);
	forecast_day(&run->built_in, &run->now, view.now_s);
	begun = cpu_s();
	for (uint32_t i = 0; i < run->history->indicator_count; i++) {
		rated->rates[METHOD_LEARNED][i] = (double)NAN;
		rated->actions[i] = rated->scored[i] = PEHRA_NONE;
		if (!is_claimed(&run->now, i))
			continue;
		forecast_judge(&run->learned, &view, i, &verdict);
		rated->rates[METHOD_LEARNED][i] = verdict.score.log_odds[ROLE_SOURCE];
		rated->actions[i] = verdict.action;
		rated->scored[i] = verdict.scored;
		judged++;
	}
	run->out->score_us += (cpu_s() - begun) * 1e6 / (double)(judged + (judged == 0));
	for (uint32_t i = 0; i < run->history->indicator_count; i++) {
		if (isnan(rated->rates[METHOD_LEARNED][i]))
			continue;
		forecast_judge(&run->built_in, &view, i, &verdict);
		rated->rates[METHOD_BUILT_IN][i] = verdict.score.log_odds[ROLE_SOURCE];
		for (unsigned peer = 0; peer < PEERS; peer++)
			rated->rates[METHOD_PEERS + peer][i] = peers[peer].rate(&view, i);
	}
}

/* What happens in the week after the ledger's day, by indicator. */
struct outcome {
	bool *is_labelled;
	bool *is_reported;
};

static bool leads(const struct score_source *leader, const struct score_source *source)
{
	for (uint8_t i = 0; i < source->leader_count; i++) {
		if (source->leaders[i] == leader->family)
			return true;
	}
	return leader->family == source->family;
}

/* As learning trusts: a source that was judged and weighs nothing confirms nobody. */
static bool is_trusted(const struct score_source *source)
{
	return source->standing == STANDING_SENSOR ||
	       ((source->standing == STANDING_VOUCHED || source->is_proven) &&
		       source->weight[ROLE_SOURCE] >= 0.5F);
}

/* A new sighting by an own sensor, or by a trusted source that is independent of a claimant. */
static bool is_report(const struct run *run, const struct history_event *event)
{
	const struct score_source *sources = run->learned.sources;
	const struct score_source *told = &sources[event->source];

	if (event->what == HISTORY_ENDS ||
		run->history->sources[event->source].role != ROLE_SOURCE || !is_trusted(told))
		return false;
	for (uint32_t at = run->now.first[event->indicator]; at != LEDGER_NONE;
		at = run->now.rows[at].next) {
		const struct score_source *claimant = &sources[run->now.rows[at].source];

		if (told->standing == STANDING_SENSOR ||
			(!leads(told, claimant) && !leads(claimant, told)))
			return true;
	}
	return false;
}

static void outcome_find(const struct run *run, struct outcome *out)
{
	const struct history *history = run->history;
	int32_t last = run->now.day + SCORE_HORIZON_DAYS;

	out->is_labelled = calloc(history->indicator_count + 1, sizeof *out->is_labelled);
	out->is_reported = calloc(history->indicator_count + 1, sizeof *out->is_reported);
	must(out->is_labelled != NULL && out->is_reported != NULL);
	for (size_t i = run->now.next_event;
		i < history->event_count && history->events[i].day <= last; i++) {
		const struct history_event *event = &history->events[i];

		if (event->source == history->label && event->what == HISTORY_BEGINS)
			out->is_labelled[event->indicator] = true;
		if (is_report(run, event))
			out->is_reported[event->indicator] = true;
	}
}

static void outcome_done(struct outcome *outcome)
{
	free(outcome->is_labelled);
	free(outcome->is_reported);
}

static bool is_on_label(const struct run *run, uint32_t indicator)
{
	const struct ledger_row *row = ledger_find(&run->now, indicator, run->history->label);

	return row != NULL && row->ended_s == 0;
}

static bool is_in(const struct run *run, uint32_t indicator, unsigned subset)
{
	bool is_seen = false;
	bool is_listed = false;

	if (subset == SUBSET_ALL)
		return true;
	for (uint32_t at = run->now.first[indicator]; at != LEDGER_NONE;
		at = run->now.rows[at].next) {
		const struct history_source *source =
			&run->history->sources[run->now.rows[at].source];

		is_seen |= source->standing == STANDING_SENSOR;
		is_listed |= run->now.rows[at].ended_s == 0;
	}
	return subset == SUBSET_SEEN ? is_seen : subset == SUBSET_UNSEEN ? !is_seen : is_listed;
}

static bool is_probability(unsigned method)
{
	return method == METHOD_LEARNED || method == METHOD_BUILT_IN;
}

/* One day's figures, added to the sums. */
static void quality_add(struct quality *quality, struct sample *samples, size_t n, double scale,
	bool with_probabilities)
{
	double happened = 0;
	double auc;

	for (size_t i = 0; i < n; i++)
		happened += samples[i].happened;
	if (happened < 1 || happened > (double)n - 1)
		return;
	samples_sort(samples, n);
	auc = measure_auc(samples, n);
	quality->auc += auc;
	quality->auc_least = quality->days == 0 ? auc : fmin(quality->auc_least, auc);
	quality->auc_most = fmax(quality->auc_most, auc);
	quality->average_precision += measure_average_precision(samples, n);
	for (int i = 0; i < LENGTHS; i++) {
		size_t scaled = (size_t)ceil(evaluation_lengths[i] * scale);

		quality->precision[i] += measure_precision_at(samples, n, evaluation_lengths[i]);
		quality->precision_scaled[i] += measure_precision_at(samples, n, scaled);
	}
	quality->brier_skill += with_probabilities ? measure_brier_skill(samples, n) : (double)NAN;
	quality->happened += happened;
	quality->n += (double)n;
	quality->days++;
}

static void quality_finish(struct quality *quality)
{
	double days = quality->days > 0 ? quality->days : 1;

	quality->auc /= days;
	quality->average_precision /= days;
	for (int i = 0; i < LENGTHS; i++) {
		quality->precision[i] /= days;
		quality->precision_scaled[i] /= days;
	}
	quality->brier_skill /= days;
	quality->happened /= days;
	quality->n /= days;
}

static double chance_of_log_odds(double log_odds)
{
	return 1 / (1 + exp(-log_odds));
}

static struct sample sample_of(
	const struct rated *rated, unsigned method, uint32_t indicator, bool happened)
{
	double rate = rated->rates[method][indicator];

	return (struct sample){ is_probability(method) ? chance_of_log_odds(rate) : rate,
		happened };
}

/* Predictions of several days. */
struct pool {
	struct sample *samples;
	size_t n;
	size_t capacity;
};

static void pool_add(struct pool *pool, const struct sample *samples, size_t n)
{
	if (n == 0)
		return;
	if (pool->n + n > pool->capacity) {
		pool->capacity = (pool->n + n) * 2;
		pool->samples = realloc(pool->samples, pool->capacity * sizeof *pool->samples);
		must(pool->samples != NULL);
	}
	memcpy(pool->samples + pool->n, samples, n * sizeof *samples);
	pool->n += n;
}

struct pools {
	struct pool report[2];
	struct pool label;
};

static void judge_label(struct run *run, const struct rated *rated, const struct outcome *outcome,
	struct pools *pools, struct sample *samples)
{
	for (unsigned subset = 0; subset < SUBSETS; subset++) {
		for (unsigned method = 0; method < METHODS; method++) {
			size_t n = 0;

			for (uint32_t i = 0; i < run->history->indicator_count; i++) {
				if (!isnan(rated->rates[METHOD_LEARNED][i]) &&
					!is_on_label(run, i) && is_in(run, i, subset))
					samples[n++] = sample_of(
						rated, method, i, outcome->is_labelled[i]);
			}
			quality_add(&run->out->label[method][subset], samples, n, run->plan->scale,
				is_probability(method));
			if (subset == SUBSET_ALL) {
				samples_sort(samples, n);
				run->out->curve_n[method] =
					measure_curve(samples, n, run->out->curve[method]);
				if (method == METHOD_LEARNED)
					pool_add(&pools->label, samples, n);
			}
		}
	}
}

static void judge_reports(struct run *run, const struct rated *rated, const struct outcome *outcome,
	struct pools *pools, struct sample *samples)
{
	for (unsigned method = 0; method < METHODS; method++) {
		size_t n = 0;

		for (uint32_t i = 0; i < run->history->indicator_count; i++) {
			if (!isnan(rated->rates[METHOD_LEARNED][i]) && !is_on_label(run, i))
				samples[n++] = sample_of(rated, method, i, outcome->is_reported[i]);
		}
		quality_add(&run->out->report[method], samples, n, run->plan->scale,
			is_probability(method));
		if (is_probability(method))
			pool_add(&pools->report[method], samples, n);
	}
}

static void count_actions(struct run *run, const struct rated *rated)
{
	struct evaluation *out = run->out;

	for (uint32_t i = 0; i < run->history->indicator_count; i++) {
		bool is_protected = run->learned.matches[i].guard == GUARD_NEVER;

		out->blocked += rated->actions[i] == PEHRA_BLOCK;
		out->challenged += rated->actions[i] == PEHRA_CHALLENGE;
		out->watched += rated->actions[i] == PEHRA_WATCH;
		out->guard_hits += is_protected && rated->actions[i] == PEHRA_BLOCK;
		out->guard_scored += is_protected && rated->scored[i] == PEHRA_BLOCK;
	}
}

/* The question label again without what each source says; neighbours stay as they are. */
static void leave_out(struct run *run, const struct outcome *outcome, struct sample *samples)
{
	struct view view = { .ledger = &run->now,
		.now_s = history_judge_s(run->history, (uint32_t)run->now.day) };

	for (uint16_t s = 0; s < run->history->source_count; s++) {
		size_t n = 0;

		view.omitted = s;
		for (uint32_t i = 0; i < run->history->indicator_count; i++) {
			struct verdict verdict;

			if (!is_claimed(&run->now, i) || is_on_label(run, i))
				continue;
			forecast_judge(&run->learned, &view, i, &verdict);
			samples[n++] = (struct sample){ verdict.score.log_odds[ROLE_SOURCE],
				outcome->is_labelled[i] };
		}
		samples_sort(samples, n);
		run->out->without[s] = measure_auc(samples, n);
	}
}

static void learn(struct run *run)
{
	double begun = cpu_s();

	ledger_to(&run->then, run->now.day - SCORE_HORIZON_DAYS);
	buf_clear(&run->out->report_json);
	forecast_learn(&run->learned, &run->then, &run->now, true, &run->out->report_json);
	run->out->learn_s += cpu_s() - begun;
	run->out->learnings++;
}

static bool is_due(uint32_t day, uint32_t first, uint32_t every)
{
	return day >= first && (day - first) % every == 0;
}

static void roll(struct run *run, struct pools *pools)
{
	const struct evaluation_plan *plan = run->plan;
	size_t n = run->history->indicator_count;
	struct sample *samples = calloc(n + 1, sizeof *samples);
	CLEANUP(rated_done) struct rated rated;
	uint32_t last = run->history->days - SCORE_HORIZON_DAYS - 1;
	unsigned rated_days = 0;
	unsigned judged_days = 0;

	must(samples != NULL);
	rated_init(&rated, n);
	for (uint32_t day = 0; day <= last; day++) {
		bool is_judged = is_due(day, plan->first_day, plan->every);
		bool is_watched = day >= plan->watch_from && day < plan->watch_end;

		ledger_to(&run->now, (int32_t)day);
		if (is_due(day, plan->first_learning, plan->learn_every))
			learn(run);
		if (!is_judged && !is_watched)
			continue;
		run_rate(run, &rated);
		rated_days++;
		if (is_watched)
			keep_day(run->keep, run, &rated);
		if (!is_judged)
			continue;

		CLEANUP(outcome_done) struct outcome outcome;

		judged_days++;
		outcome_find(run, &outcome);
		judge_label(run, &rated, &outcome, pools, samples);
		judge_reports(run, &rated, &outcome, pools, samples);
		count_actions(run, &rated);
		if (day + plan->every > last)
			leave_out(run, &outcome, samples);
	}
	must(judged_days > 0);
	run->out->score_us /= rated_days;
	run->out->learn_s /= run->out->learnings > 0 ? run->out->learnings : 1;
	run->out->blocked /= judged_days;
	run->out->challenged /= judged_days;
	run->out->watched /= judged_days;
	free(samples);
}

static void pools_finish(struct pools *pools, struct evaluation *out)
{
	for (int i = 0; i < 2; i++) {
		struct pool *pool = &pools->report[i];

		samples_sort(pool->samples, pool->n);
		measure_deciles(pool->samples, pool->n, out->deciles[i]);
		measure_tens(pool->samples, pool->n, out->tens[i]);
		free(pool->samples);
	}
	samples_sort(pools->label.samples, pools->label.n);
	measure_deciles(pools->label.samples, pools->label.n, out->label_deciles);
	free(pools->label.samples);
}

void evaluate(const struct evaluation_plan *plan, const struct history *history,
	const struct rules *rules, const struct learn_route *routes, size_t route_count,
	const struct truth *truth, struct evaluation *out)
{
	struct run run = { .plan = plan, .history = history, .truth = truth, .out = out };
	struct pools pools = { 0 };

	must(plan->first_learning >= SCORE_HORIZON_DAYS);
	must(plan->first_day + SCORE_HORIZON_DAYS < history->days);
	*out = (struct evaluation){ 0 };
	forecast_init(&run.learned, history, rules, routes, route_count);
	forecast_init(&run.built_in, history, rules, NULL, 0);
	ledger_init(&run.now, history);
	ledger_init(&run.then, history);
	run.keep = keep_new(&run);
	roll(&run, &pools);
	keep_finish(run.keep, &run);
	pools_finish(&pools, out);
	for (unsigned method = 0; method < METHODS; method++) {
		for (unsigned subset = 0; subset < SUBSETS; subset++)
			quality_finish(&out->label[method][subset]);
		quality_finish(&out->report[method]);
	}
	keep_free(&run.keep);
	ledger_done(&run.now);
	ledger_done(&run.then);
	forecast_done(&run.learned);
	forecast_done(&run.built_in);
}

void evaluation_done(struct evaluation *evaluation)
{
	buf_done(&evaluation->report_json);
}
