/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Merging sorted batches of claims, beside SQLite alone: the same rows, bound into the same table
 * by a prepared upsert that does the least an upsert can (last seen and count), with the same
 * settings. Once with claims at random, once with a list that is read again and again: when it is
 * new, when it names the same without telling times, and when all was seen since, so that each
 * row's old state is kept. Then the cost per row while the table grows, and the process's memory.
 *
 * PEHRA_BENCH_ROWS sets how far it grows: 1,000,000 unless it says otherwise (10,000,000 takes
 * minutes). PEHRA_BENCH_STORE names a PostgreSQL URL to measure that engine, too.
 */
#include "base/io.h"
#include "bench/results.h"
#include "evidence/claim.h"
#include "evidence/import.h"
#include "evidence/query.h"
#include "evidence/schema.h"

#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BATCH_ROWS = 50000, BATCHES_EACH = 20, SMALL_ROWS = BATCH_ROWS * BATCHES_EACH };

static const int64_t start_s = 1700000000;

static void works(enum err err, const struct why *why)
{
	if (err != OK)
		(void)fprintf(stderr, "%s\n", why->text);
	must(err == OK);
}

static double cpu_s(void)
{
	struct timespec time;

	must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double wall_s(void)
{
	struct timespec time;

	must(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t random_u64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Claims on hosts drawn from a universe twice as large as the rows wanted, so half are met again.
 */
static void batch_make(
	uint64_t *random, uint64_t universe, int64_t now_s, struct claim_batch *batch)
{
	claim_batch_clear(batch);
	for (int i = 0; i < BATCH_ROWS; i++) {
		uint64_t n = random_u64(random) % universe;
		/* spread over the address space as lists are: whole numbers times an odd one */
		struct ipaddr ip = ip_from_u32((uint32_t)(n * UINT64_C(2654435761)));
		struct claim claim = { .indicator = { .kind = INDICATOR_IP,
					       .prefix = prefix_host(&ip) },
			.role = ROLE_SOURCE,
			.category = CATEGORY_BRUTE_FORCE,
			.confidence = CONFIDENCE_UNKNOWN,
			.count = 1,
			.last_seen_s = now_s - (int64_t)(n % 86400) };

		claim_batch_add(batch, &claim);
	}
	claim_batch_sort(batch);
}

struct cost {
	double cpu_s;
	double wall_s;
	uint64_t rows;
};

static void cost_add(struct cost *cost, double cpu_from_s, double wall_from_s, uint64_t rows)
{
	cost->cpu_s += cpu_s() - cpu_from_s;
	cost->wall_s += wall_s() - wall_from_s;
	cost->rows += rows;
}

static double us_per_row(double seconds, const struct cost *cost)
{
	return seconds / (double)cost->rows * 1e6;
}

static struct import *begun(struct db *db, int64_t now_s)
{
	struct import_request request = {
		.source = STR("bench"), .kind = IMPORT_FULL_LIST, .now_s = now_s
	};
	struct import *import;
	struct why why;
	bool is_unchanged;

	works(import_begin(db, &request, &import, &is_unchanged, &why), &why);
	return import;
}

static struct db *store(const char *url)
{
	struct db *db;
	struct why why;

	works(db_open(url, DB_READ_WRITE, &db, &why), &why);
	works(db_migrate(db, evidence_migrations, EVIDENCE_MIGRATIONS, start_s, &why), &why);
	return db;
}

/* Adds the cost of n batches; making and sorting them is not counted. */
static void merged(struct import *import, uint64_t *random, uint64_t universe, int64_t now_s,
	size_t n, struct cost *cost)
{
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct why why;

	for (size_t i = 0; i < n; i++) {
		batch_make(random, universe, now_s, &batch);

		double cpu = cpu_s();
		double wall = wall_s();

		works(import_batch(import, &batch, &why), &why);
		cost_add(cost, cpu, wall, batch.n);
	}
}

static const char bare_sql[] =
	"INSERT INTO evidence (source, indicator, role, category, first_seen, last_seen, started,"
	" ended, count, confidence, tlp, reference, recent, lasting, decayed_at, sighted, run) "
	"VALUES (1, ?1, ?2, ?3, ?4, ?4, ?4, 0, ?5, -1, 0, '', 1.0, 1.0, ?4, 1, 1) "
	"ON CONFLICT (source, indicator, role, category) DO UPDATE SET "
	"last_seen = excluded.last_seen, count = evidence.count + excluded.count";

static void bare_batch(sqlite3_stmt *upsert, const struct claim_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct claim_row *row = &batch->rows[i];
		struct str key = claim_row_key(batch, row);

		(void)sqlite3_bind_blob(upsert, 1, key.p, (int)key.n, SQLITE_STATIC);
		(void)sqlite3_bind_int64(upsert, 2, row->role);
		(void)sqlite3_bind_int64(upsert, 3, row->category);
		(void)sqlite3_bind_int64(upsert, 4, row->last_seen_s);
		(void)sqlite3_bind_int64(upsert, 5, row->count);
		must(sqlite3_step(upsert) == SQLITE_DONE);
		must(sqlite3_reset(upsert) == SQLITE_OK);
	}
}

static void store_path(struct buf *out, const char *folder, const char *name)
{
	buf_clear(out);
	buf_fmt(out, "sqlite:%s/%s.db", folder, name);
}

static void remove_store(const char *folder, const char *name)
{
	static const char *const tails[] = { ".db", ".db-wal", ".db-shm" };

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		CLEANUP(buf_done) struct buf path = { 0 };

		buf_fmt(&path, "%s/%s%s", folder, name, tails[i]);
		(void)unlink(buf_c(&path));
	}
}

/* SQLite alone, in a store of the same schema and settings. */
struct bare {
	sqlite3 *handle;
	sqlite3_stmt *upsert;
};

static struct bare bare_open(const char *url)
{
	struct db *db = store(url);
	struct bare bare;

	db_close(&db);
	must(sqlite3_open(url + strlen("sqlite:"), &bare.handle) == SQLITE_OK);
	must(sqlite3_exec(bare.handle,
		     "PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
		     "PRAGMA wal_autocheckpoint = 4096; PRAGMA secure_delete = FAST",
		     NULL, NULL, NULL) == SQLITE_OK);
	must(sqlite3_prepare_v2(bare.handle, bare_sql, -1, &bare.upsert, NULL) == SQLITE_OK);
	return bare;
}

static void bare_merge(const struct bare *bare, const struct claim_batch *batch, struct cost *cost)
{
	double cpu = cpu_s();
	double wall = wall_s();

	must(sqlite3_exec(bare->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
	bare_batch(bare->upsert, batch);
	must(sqlite3_exec(bare->handle, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
	cost_add(cost, cpu, wall, batch->n);
}

static void bare_close(struct bare *bare)
{
	(void)sqlite3_finalize(bare->upsert);
	(void)sqlite3_close(bare->handle);
}

/* goal: how many times the peer's cost is good enough; 0: it does not do the same. */
static void beside_told(struct results *results, const char *what, const struct cost *ours,
	const struct cost *alone, double goal)
{
	static const char peer[] = "SQLite 3.40 upsert, same table";
	CLEANUP(buf_done) struct buf cpu = { 0 };
	CLEANUP(buf_done) struct buf wall = { 0 };

	buf_fmt(&cpu, "evidence.%s.cpu", what);
	results_add(results, &(struct result_row){ .name = buf_c(&cpu),
				     .unit = "us/row",
				     .value = us_per_row(ours->cpu_s, ours),
				     .goal_kind = goal > 0 ? RESULT_AT_MOST : RESULT_NO_GOAL,
				     .goal = us_per_row(alone->cpu_s, alone) * goal,
				     .peer = peer,
				     .peer_value = us_per_row(alone->cpu_s, alone) });
	buf_fmt(&wall, "evidence.%s.wall", what);
	results_add(results, &(struct result_row){ .name = buf_c(&wall),
				     .unit = "us/row",
				     .value = us_per_row(ours->wall_s, ours),
				     .goal_kind = goal > 0 ? RESULT_AT_MOST : RESULT_NO_GOAL,
				     .goal = us_per_row(alone->wall_s, alone) * goal,
				     .peer = peer,
				     .peer_value = us_per_row(alone->wall_s, alone) });
}

/* One batch into both, in turns, so that what else the machine does meets both. */
static void merge_both(struct db *db, const struct bare *bare, int64_t now_s,
	const struct claim_batch *batch, struct cost *ours, struct cost *alone)
{
	struct import *import = begun(db, now_s);
	struct why why;
	double cpu = cpu_s();
	double wall = wall_s();

	works(import_batch(import, batch, &why), &why);
	cost_add(ours, cpu, wall, batch->n);
	bare_merge(bare, batch, alone);
	import_leave(&import);
}

/*
 * Two readings of a list a day apart; most of what the second tells is known, and seen again. Of
 * all rows, a fifth change and leave their old state behind.
 */
enum { READINGS = 2 };

static void at_random(struct results *results, struct db *db, const struct bare *bare)
{
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct cost ours = { 0 };
	struct cost alone = { 0 };
	uint64_t random = 1;

	for (int i = 0; i < BATCHES_EACH; i++) {
		int64_t now_s = start_s + i * READINGS / BATCHES_EACH * 86400;

		batch_make(&random, SMALL_ROWS / READINGS, now_s, &batch);
		merge_both(db, bare, now_s, &batch, &ours, &alone);
	}
	beside_told(results, "merge", &ours, &alone, 1.5);
}

/* Batch i of a list in the order of addresses; seen_s 0: it tells no times. */
static void batch_of_list(int i, int64_t seen_s, struct claim_batch *batch)
{
	claim_batch_clear(batch);
	for (uint32_t n = 0; n < BATCH_ROWS; n++) {
		uint32_t number = (uint32_t)i * BATCH_ROWS + n;
		struct ipaddr ip =
			ip_from_u32(UINT32_C(0x0b000000) + number * 3000 + number % 2999);
		struct claim claim = { .indicator = { .kind = INDICATOR_IP,
					       .prefix = prefix_host(&ip) },
			.category = CATEGORY_SPAM,
			.confidence = CONFIDENCE_UNKNOWN,
			.count = 1,
			.last_seen_s = seen_s };

		claim_batch_add(batch, &claim);
	}
	claim_batch_sort(batch);
}

static void list_again(struct results *results, struct db *db, const struct bare *bare)
{
	static const struct {
		const char *name;
		bool is_dated;
		double goal;
	} readings[] = { { "list.new", false, 1.5 }, { "list.kept", false, 1.5 },
		{ "list.seen", true, 0 } };
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };

	for (size_t day = 0; day < ARRAY_LEN(readings); day++) {
		int64_t now_s = start_s + ((int64_t)day + 2) * 86400;
		struct cost ours = { 0 };
		struct cost alone = { 0 };

		for (int i = 0; i < BATCHES_EACH; i++) {
			batch_of_list(i, readings[day].is_dated ? now_s - 60 : 0, &batch);
			merge_both(db, bare, now_s, &batch, &ours, &alone);
		}
		beside_told(results, readings[day].name, &ours, &alone, readings[day].goal);
	}
}

static void beside_bare(struct results *results, const char *folder)
{
	static void (*const parts[])(struct results * results, struct db * db,
		const struct bare *bare) = { at_random, list_again };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		CLEANUP(buf_done) struct buf url = { 0 };
		struct bare bare;
		struct db *db;

		store_path(&url, folder, "ours");
		db = store(buf_c(&url));
		store_path(&url, folder, "bare");
		bare = bare_open(buf_c(&url));
		parts[i](results, db, &bare);
		db_close(&db);
		bare_close(&bare);
		remove_store(folder, "ours");
		remove_store(folder, "bare");
	}
}

static enum err count_row(void *state, const struct evidence *row, struct why *why)
{
	(void)why;
	*(uint64_t *)state += row->count;
	return OK;
}

static void scanned(struct results *results, struct db *db, const char *engine)
{
	CLEANUP(buf_done) struct buf name = { 0 };
	uint64_t sum = 0;
	uint64_t rows;
	struct why why;

	works(evidence_count(db, &rows, &why), &why);

	struct cost cost = { 0 };
	double cpu = cpu_s();
	double wall = wall_s();

	works(evidence_scan(db, 0, count_row, &sum, &why), &why);
	cost_add(&cost, cpu, wall, rows);

	buf_fmt(&name, "evidence.scan.cpu.%s", engine);
	results_add(results, &(struct result_row){ .name = buf_c(&name),
				     .unit = "us/row",
				     .value = us_per_row(cost.cpu_s, &cost),
				     .goal_kind = RESULT_AT_MOST,
				     .goal = 1 });
}

/* One report by a sensor, with its commit, in the table as it is. */
static void reported(struct results *results, struct db *db, const char *engine)
{
	CLEANUP(buf_done) struct buf name = { 0 };
	struct ipaddr ip = ip_from_u32(0xc0000201);
	struct claim claim = { .indicator = { .kind = INDICATOR_IP, .prefix = prefix_host(&ip) },
		.category = CATEGORY_SCANNER,
		.confidence = CONFIDENCE_UNKNOWN,
		.count = 1 };
	enum { REPORTS = 200 };
	struct why why;
	double wall = wall_s();

	for (int i = 0; i < REPORTS; i++)
		works(import_one(db, STR("sensor"), &claim, start_s + i, &why), &why);
	buf_fmt(&name, "evidence.report.%s", engine);
	results_add(results, &(struct result_row){ .name = buf_c(&name),
				     .unit = "ms",
				     .value = (wall_s() - wall) / REPORTS * 1e3,
				     .goal_kind = RESULT_AT_MOST,
				     .goal = 50 });
}

static void size_told(struct results *results, const char *engine, const char *what,
	uint64_t millions, double value)
{
	CLEANUP(buf_done) struct buf name = { 0 };

	buf_fmt(&name, "evidence.merge.%s.%s.%lluM", engine, what, (unsigned long long)millions);
	results_add(results,
		&(struct result_row){ .name = buf_c(&name), .unit = "us/row", .value = value });
}

/* Grows a store to so many rows and tells the cost of the last million's batches. */
static void grown(struct results *results, const char *url, const char *engine, uint64_t rows)
{
	CLEANUP(buf_done) struct buf name = { 0 };
	struct db *db = store(url);
	struct import *import = begun(db, start_s);
	struct import_reading reading = { 0 };
	struct import_result result;
	struct why why;
	uint64_t random = 7;

	for (uint64_t done = 0; done < rows; done += SMALL_ROWS) {
		struct cost cost = { 0 };

		/* about one row in twenty is met again at any size */
		merged(import, &random, rows * 10, start_s, BATCHES_EACH, &cost);
		if (done != 0 && done + SMALL_ROWS < rows)
			continue;
		size_told(results, engine, "cpu", done / SMALL_ROWS + 1,
			us_per_row(cost.cpu_s, &cost));
		size_told(results, engine, "wall", done / SMALL_ROWS + 1,
			us_per_row(cost.wall_s, &cost));
	}

	double wall = wall_s();

	works(import_finish(&import, &reading, STR(""), STR(""), &result, &why), &why);
	buf_clear(&name);
	buf_fmt(&name, "evidence.finish.%s", engine);
	results_add(results, &(struct result_row){
				     .name = buf_c(&name), .unit = "s", .value = wall_s() - wall });
	scanned(results, db, engine);
	reported(results, db, engine);
	db_close(&db);
}

static void memory(struct results *results)
{
	struct rusage usage;

	must(getrusage(RUSAGE_SELF, &usage) == 0);
	results_add(results, &(struct result_row){ .name = "evidence.memory.peak",
				     .unit = "MiB",
				     .value = (double)usage.ru_maxrss / 1024,
				     .goal_kind = RESULT_AT_MOST,
				     .goal = 1536 });
}

int main(void)
{
	CLEANUP(results_close)
	struct results *results = results_open("evidence",
		"Sorted batches of 50,000 IPv4 claims merged into the store, beside a prepared "
		"upsert of the same rows into the same table by SQLite alone, with the same "
		"settings and commits (CPU and wall time of the whole process, sorting left "
		"out): at random, and as a list that is read three times (list.seen: every row "
		"was seen anew, and its old state is kept). Then the cost per row as the table "
		"grows, a scan of all of it, a single "
		"report with its commit, and the peak memory of this process.");
	CLEANUP(buf_done) struct buf url = { 0 };
	char folder[] = "/tmp/pehra-bench-XXXXXX";
	const char *other = getenv("PEHRA_BENCH_STORE");
	uint64_t rows;

	must(mkdtemp(folder) != NULL);
	if (!parse_u64(str_c(getenv("PEHRA_BENCH_ROWS")), &rows) || rows < SMALL_ROWS)
		rows = SMALL_ROWS;
	beside_bare(results, folder);
	store_path(&url, folder, "grown");
	grown(results, buf_c(&url), "sqlite", rows);
	memory(results);
	if (other != NULL)
		grown(results, other, "postgresql", rows);
	remove_store(folder, "grown");
	must(rmdir(folder) == 0);
	return 0;
}
