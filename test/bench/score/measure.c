/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/measure.h"

#include "base/sort.h"

#include <math.h>

static int sample_order(const void *a, const void *b)
{
	const struct sample *x = a;
	const struct sample *y = b;

	return (x->predicted < y->predicted) - (x->predicted > y->predicted);
}

void samples_sort(struct sample *samples, size_t n)
{
	sort_runs(samples, n, sizeof *samples, sample_order);
}

/* A run of equal predictions. */
struct tie {
	size_t end;
	size_t n;
	size_t happened;
};

static struct tie tie_at(const struct sample *sorted, size_t n, size_t from)
{
	struct tie tie = { .end = from };

	for (; tie.end < n && !(sorted[tie.end].predicted < sorted[from].predicted); tie.end++)
		tie.happened += sorted[tie.end].happened;
	tie.n = tie.end - from;
	return tie;
}

static size_t count_happened(const struct sample *samples, size_t n)
{
	size_t happened = 0;

	for (size_t i = 0; i < n; i++)
		happened += samples[i].happened;
	return happened;
}

double measure_auc(const struct sample *sorted, size_t n)
{
	double happened = (double)count_happened(sorted, n);
	double above = 0; /* that happened, above the tie */
	double pairs = 0;

	for (size_t i = 0; i < n;) {
		struct tie tie = tie_at(sorted, n, i);

		pairs += (double)(tie.n - tie.happened) * (above + (double)tie.happened / 2);
		above += (double)tie.happened;
		i = tie.end;
	}
	return pairs / (happened * ((double)n - happened));
}

double measure_average_precision(const struct sample *sorted, size_t n)
{
	double happened = (double)count_happened(sorted, n);
	double found = 0;
	double sum = 0;

	for (size_t i = 0; i < n;) {
		struct tie tie = tie_at(sorted, n, i);

		found += (double)tie.happened;
		sum += found / (double)tie.end * (double)tie.happened;
		i = tie.end;
	}
	return sum / happened;
}

double measure_precision_at(const struct sample *sorted, size_t n, size_t k)
{
	double found = 0;

	k = k < n ? k : n;
	for (size_t i = 0; i < k;) {
		struct tie tie = tie_at(sorted, n, i);
		size_t taken = tie.end < k ? tie.n : k - i;

		found += (double)tie.happened * (double)taken / (double)tie.n;
		i = tie.end;
	}
	return found / (double)k;
}

double measure_brier(const struct sample *samples, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		double wrong = samples[i].predicted - samples[i].happened;

		sum += wrong * wrong;
	}
	return sum / (double)n;
}

double measure_brier_skill(const struct sample *samples, size_t n)
{
	double base = (double)count_happened(samples, n) / (double)n;
	double always = base * (1 - base);

	return always > 0 ? 1 - measure_brier(samples, n) / always : (double)NAN;
}

static void reliability_add(struct reliability *bin, const struct sample *sample)
{
	bin->n++;
	bin->predicted += sample->predicted;
	bin->observed += sample->happened;
}

static void reliability_finish(struct reliability *bins, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bins[i].predicted /= bins[i].n > 0 ? (double)bins[i].n : 1;
		bins[i].observed /= bins[i].n > 0 ? (double)bins[i].n : 1;
	}
}

/* A tie that a border of tenths cuts is shared out evenly, so no order matters. */
void measure_deciles(
	const struct sample *sorted, size_t n, struct reliability out[RELIABILITY_DECILES])
{
	for (int bin = 0; bin < RELIABILITY_DECILES; bin++)
		out[bin] = (struct reliability){ 0 };
	for (size_t i = 0; i < n;) {
		struct tie tie = tie_at(sorted, n, i);

		for (; i < tie.end; i++) {
			struct reliability *bin = &out[(n - 1 - i) * RELIABILITY_DECILES / n];

			bin->n++;
			bin->predicted += sorted[i].predicted;
			bin->observed += (double)tie.happened / (double)tie.n;
		}
	}
	reliability_finish(out, RELIABILITY_DECILES);
}

void measure_tens(const struct sample *samples, size_t n, struct reliability out[RELIABILITY_TENS])
{
	for (int bin = 0; bin < RELIABILITY_TENS; bin++)
		out[bin] = (struct reliability){ 0 };
	for (size_t i = 0; i < n; i++) {
		int bin = (int)(samples[i].predicted * RELIABILITY_TENS);

		bin = bin < 0 ? 0 : bin < RELIABILITY_TENS ? bin : RELIABILITY_TENS - 1;
		reliability_add(&out[bin], &samples[i]);
	}
	reliability_finish(out, RELIABILITY_TENS);
}

size_t measure_curve(
	const struct sample *sorted, size_t n, struct curve_point out[CURVE_POINTS_MAX])
{
	double happened = (double)count_happened(sorted, n);
	double found = 0;
	size_t points = 0;

	for (size_t i = 0; i < n;) {
		struct tie tie = tie_at(sorted, n, i);

		found += (double)tie.happened;
		i = tie.end;
		/* the last point (everything) always has room */
		if (i < n && (found / happened < (double)(points + 1) / CURVE_POINTS_MAX ||
				     points == CURVE_POINTS_MAX - 1))
			continue;
		out[points++] = (struct curve_point){
			.recall = found / happened,
			.precision = found / (double)i,
			.false_positives = ((double)i - found) / ((double)n - happened),
		};
	}
	return points;
}
