/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A helper of tests and benches, not a server to be run: the answer role alone, on a snapshot built
 * from a list (see sample.h).
 *
 *     answer_demo ADDRESS PORT UDP_SOCKETS RATE FOLDER [LIST]
 *
 * Serves FOLDER/generation.pehra, built from LIST first when that is given, until standard input
 * ends. Says "ready" on standard output, and what it counted when it ends.
 */
#include "answer/answer.h"
#include "answer/sample.h"

#include "base/io.h"
#include "base/log.h"

#include <unistd.h>

enum { LIST_BYTES_MAX = 1 << 28 };

struct arguments {
	struct ipaddr address;
	uint64_t port;
	uint64_t udp_sockets;
	uint64_t rate;
	const char *folder;
	const char *list;
};

static enum err read_arguments(int argc, char **argv, struct arguments *out, struct why *why)
{
	if (argc < 6 || argc > 7)
		return fail(why, ERR_USAGE, "ADDRESS PORT UDP_SOCKETS RATE FOLDER [LIST]");
	TRY(ip_parse(str_c(argv[1]), NULL, &out->address, why));
	if (!parse_u64(str_c(argv[2]), &out->port) || out->port > UINT16_MAX ||
		!parse_u64(str_c(argv[3]), &out->udp_sockets) || out->udp_sockets == 0 ||
		out->udp_sockets >= ANSWER_SOCKETS_MAX || !parse_u64(str_c(argv[4]), &out->rate))
		return fail(why, ERR_USAGE, "port, number of sockets or rate is wrong");
	out->folder = argv[5];
	out->list = argc == 7 ? argv[6] : NULL;
	return OK;
}

static enum err build(const struct arguments *arguments, struct why *why)
{
	CLEANUP(buf_done) struct buf list = { 0 };

	if (arguments->list == NULL)
		return OK;
	TRY(file_read(arguments->list, LIST_BYTES_MAX, &list, why));
	sample_build(arguments->folder, buf_view(&list), 1);
	return OK;
}

static void show(const struct answer_stats *stats)
{
	struct answer_totals totals;

	must(answer_stats_read(stats, answer_stats_bytes(), &totals));
	for (enum answer_counter i = 0; i < ANSWER_COUNTERS; i++) {
		const struct answer_counter_info *info = answer_counter_info(i);

		if (totals.counters[i] != 0)
			printf("%s{%s=\"%s\"} %llu\n", info->family,
				info->label == NULL ? "" : info->label,
				info->value == NULL ? "" : info->value,
				(unsigned long long)totals.counters[i]);
	}
}

static enum err serve(const struct arguments *arguments, struct why *why)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	struct answer_stats *stats = aligned_alloc(64, answer_stats_bytes());
	int sockets[ANSWER_SOCKETS_MAX];
	struct answer_settings settings = { .zone = STR("rep.pehra.test"),
		.public_url = STR("https://pehra.example"),
		.rate_per_s = (uint32_t)arguments->rate,
		.sockets = sockets,
		.socket_count = 1 + arguments->udp_sockets,
		.stats = stats };

	must(stats != NULL);
	memset(stats, 0, answer_stats_bytes());
	buf_fmt(&path, "%s/generation.pehra", arguments->folder);
	settings.snapshot_path = buf_c(&path);
	TRY(answer_listen(&arguments->address, (uint16_t)arguments->port, arguments->udp_sockets,
		sockets, why));
	printf("ready\n");
	fflush(stdout);
	TRY(answer_run(&settings, STDIN_FILENO, why));
	show(stats);
	free(stats);
	return OK;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	struct why why = { 0 };

	log_start("answer_demo", LOG_INFO);
	if (read_arguments(argc, argv, &arguments, &why) != OK || build(&arguments, &why) != OK ||
		serve(&arguments, &why) != OK) {
		log_why(LOG_ERROR, "failed", &why);
		return 1;
	}
	return 0;
}
