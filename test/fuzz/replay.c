/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replays a corpus through a fuzz target, without libFuzzer:
 *     replay_X FOLDER...
 * Each file as it is, then each file changed in PEHRA_FUZZ_MUTATIONS ways (200 unless set) that
 * follow from its content alone, so a run can be repeated.
 *
 * A child process does the work and notes in shared memory what it is at; when it dies or takes too
 * long, the parent names the input and writes it to ./crash-X for a debugger.
 */
#include "fuzz/fuzz.h"

#include "base/arena.h"
#include "base/io.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	MUTATIONS_USUAL = 200,
	MUTATION_STEPS_MAX = 4,
	MUTATION_GROWTH_MAX = 64,
	MUTATED_BYTES_MAX = 64 << 10, /* larger files are replayed as they are */
	CORPUS_FILE_MAX = 8 << 20,
	INPUT_SECONDS_MAX = 20
};

struct input {
	const char *path;
	struct str bytes;
};

struct corpus {
	struct arena arena;
	struct input *inputs;
	size_t n;
	size_t capacity;
};

/* Where the child is; mutation 0 is the file itself. */
struct position {
	size_t input;
	uint64_t mutation;
};

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t random_below(uint64_t *state, size_t limit)
{
	return limit == 0 ? 0 : (size_t)(next_random(state) % limit);
}

/* FNV-1a, so that the mutations of a file do not depend on its name or neighbours. */
static uint64_t seed_of(struct str bytes)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < bytes.n; i++)
		hash = (hash ^ (uint8_t)bytes.p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static void flip_bit(struct buf *bytes, uint64_t *state)
{
	if (bytes->n != 0) {
		size_t at = random_below(state, bytes->n);

		bytes->data[at] = (char)(bytes->data[at] ^ (1 << random_below(state, 8)));
	}
}

/* Bytes at which parsers change their mind. */
static void set_byte(struct buf *bytes, uint64_t *state)
{
	static const char interesting[] = "\0\xff\x80\x7f\n\r\t \"'\\,;:#/*.-+0129azAZ[]{}<>=&%@";

	if (bytes->n != 0)
		bytes->data[random_below(state, bytes->n)] =
			interesting[random_below(state, sizeof interesting)];
}

static void remove_run(struct buf *bytes, uint64_t *state)
{
	size_t at = random_below(state, bytes->n);
	size_t run = random_below(state, bytes->n - at + 1);

	if (run != 0) {
		memmove(bytes->data + at, bytes->data + at + run, bytes->n - at - run);
		bytes->n -= run;
	}
}

static void repeat_run(struct buf *bytes, uint64_t *state)
{
	size_t at = random_below(state, bytes->n);
	size_t run = random_below(state, bytes->n - at + 1);
	char *end;

	if (run > MUTATION_GROWTH_MAX)
		run = MUTATION_GROWTH_MAX;
	end = buf_reserve(bytes, run);
	memmove(end, bytes->data + at, run);
	bytes->n += run;
}

static void insert_bytes(struct buf *bytes, uint64_t *state)
{
	size_t run = 1 + random_below(state, 8);
	size_t at = random_below(state, bytes->n + 1);

	buf_reserve(bytes, run);
	memmove(bytes->data + at + run, bytes->data + at, bytes->n - at);
	for (size_t i = 0; i < run; i++)
		bytes->data[at + i] = (char)next_random(state);
	bytes->n += run;
}

static void cut_end(struct buf *bytes, uint64_t *state)
{
	bytes->n = random_below(state, bytes->n + 1);
}

static void (*const mutations[])(struct buf *bytes, uint64_t *state) = { flip_bit, set_byte,
	remove_run, repeat_run, insert_bytes, cut_end };

static void mutate(struct buf *bytes, struct str original, uint64_t mutation)
{
	uint64_t state = seed_of(original) + mutation;
	size_t steps = 1 + random_below(&state, MUTATION_STEPS_MAX);

	buf_clear(bytes);
	buf_str(bytes, original);
	for (size_t i = 0; i < steps; i++)
		mutations[random_below(&state, ARRAY_LEN(mutations))](bytes, &state);
}

static void input_at(const struct corpus *corpus, struct position at, struct buf *out)
{
	struct str original = corpus->inputs[at.input].bytes;

	if (at.mutation != 0) {
		mutate(out, original, at.mutation);
	} else {
		buf_clear(out);
		buf_str(out, original);
	}
}

/* A block of exactly the input's size, so that a sanitizer sees the first byte read behind it. */
static void run_one(struct str bytes)
{
	uint8_t *copy = malloc(bytes.n == 0 ? 1 : bytes.n);

	must(copy != NULL);
	if (bytes.n != 0)
		memcpy(copy, bytes.p, bytes.n);
	LLVMFuzzerTestOneInput(copy, bytes.n);
	free(copy);
}

static void replay(
	const struct corpus *corpus, uint64_t mutation_count, volatile struct position *at)
{
	CLEANUP(buf_done) struct buf bytes = { 0 };

	for (size_t i = 0; i < corpus->n; i++) {
		uint64_t count = corpus->inputs[i].bytes.n > MUTATED_BYTES_MAX ? 0 : mutation_count;

		for (uint64_t m = 0; m <= count; m++) {
			*at = (struct position){ i, m };
			input_at(corpus, *at, &bytes);
			alarm(INPUT_SECONDS_MAX);
			run_one(buf_view(&bytes));
		}
	}
	alarm(0);
}

static void corpus_add(struct corpus *corpus, const char *path)
{
	CLEANUP(buf_done) struct buf bytes = { 0 };
	struct why why;

	if (corpus->n == corpus->capacity) {
		corpus->capacity = corpus->capacity == 0 ? 64 : corpus->capacity * 2;
		corpus->inputs =
			reallocarray(corpus->inputs, corpus->capacity, sizeof *corpus->inputs);
		must(corpus->inputs != NULL);
	}
	if (file_read(path, CORPUS_FILE_MAX, &bytes, &why) != OK) {
		fprintf(stderr, "%s\n", why.text);
		exit(2);
	}
	corpus->inputs[corpus->n++] = (struct input){ arena_str(&corpus->arena, str_c(path)).p,
		arena_str(&corpus->arena, buf_view(&bytes)) };
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void corpus_read(struct corpus *corpus, const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_visible, alphasort);

	if (n == -1) {
		perror(folder);
		exit(2);
	}
	for (int i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf path = { 0 };

		buf_fmt(&path, "%s/%s", folder, entries[i]->d_name);
		corpus_add(corpus, buf_c(&path));
		free(entries[i]);
	}
	free(entries);
}

static void corpus_done(struct corpus *corpus)
{
	free(corpus->inputs);
	arena_done(&corpus->arena);
}

static void report_death(
	const struct corpus *corpus, struct position at, int status, const char *program)
{
	CLEANUP(buf_done) struct buf bytes = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	const char *slash = strrchr(program, '/');
	struct why why;

	input_at(corpus, at, &bytes);
	buf_fmt(&path, "crash-%s", slash == NULL ? program : slash + 1);
	fprintf(stderr, "%s, mutation %llu: ", corpus->inputs[at.input].path,
		(unsigned long long)at.mutation);
	if (WIFSIGNALED(status))
		fprintf(stderr, "ended by signal %d\n", WTERMSIG(status));
	else
		fprintf(stderr, "ended with code %d\n", WEXITSTATUS(status));
	if (file_replace(buf_c(&path), buf_view(&bytes), 0644, &why) == OK)
		fprintf(stderr, "the input is in %s\n", buf_c(&path));
	else
		fprintf(stderr, "%s\n", why.text);
}

int main(int argc, char **argv)
{
	CLEANUP(corpus_done) struct corpus corpus = { 0 };
	const char *wish = getenv("PEHRA_FUZZ_MUTATIONS");
	uint64_t mutation_count = MUTATIONS_USUAL;
	struct position *at =
		mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	int status;

	must(at != MAP_FAILED);
	if (wish != NULL && !parse_u64(str_c(wish), &mutation_count)) {
		fprintf(stderr, "PEHRA_FUZZ_MUTATIONS is not a number: %s\n", wish);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		corpus_read(&corpus, argv[i]);
	if (corpus.n == 0) {
		fprintf(stderr, "no corpus: a target without inputs tests nothing\n");
		return 2;
	}
	child = fork();
	must(child != -1);
	if (child == 0) {
		replay(&corpus, mutation_count, at);
		exit(0); /* not _exit: the leak checker runs at exit */
	}
	must(waitpid(child, &status, 0) == child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		report_death(&corpus, *at, status, argv[0]);
		return 1;
	}
	printf("%zu inputs, each with up to %llu mutations\n", corpus.n,
		(unsigned long long)mutation_count);
	return 0;
}
