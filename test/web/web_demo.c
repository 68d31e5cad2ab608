/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A test helper: the web role alone on a loopback port, with the store and snapshot of a data
 * folder. Prints the ports of its two sockets, serves until its standard input ends.
 *
 *     web_demo FOLDER [requests-per-second] [header-seconds]
 */
#include "web_fixture.h"

#include <unistd.h>

int main(int argc, char **argv)
{
	struct web_fixture fixture;
	uint64_t number;

	must(argc >= 2);
	web_fixture_init(&fixture, argv[1]);
	if (argc >= 3 && parse_u64(str_c(argv[2]), &number))
		fixture.settings.requests_per_second = fixture.settings.request_burst =
			(uint32_t)number;
	if (argc >= 4 && parse_u64(str_c(argv[3]), &number))
		fixture.settings.header_seconds = (uint32_t)number;
	web_fixture_start(&fixture);
	(void)printf("%u\n%u\n", fixture.port, fixture.second_port);
	(void)fflush(stdout);
	while (web_fixture_turn(&fixture, STDIN_FILENO))
		continue;
	web_fixture_done(&fixture);
	return 0;
}
