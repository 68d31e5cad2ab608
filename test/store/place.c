/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/place.h"

#include "base/arena.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <postgresql/libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_TRIES = 600, START_PAUSE_NS = 50 * 1000 * 1000, MOUNTS_MAX = 8 };

struct place_driver {
	const char *name;
	bool (*start)(struct place *place);
	void (*stop)(struct place *place);
	const char *(*fresh)(struct place *place, const char *folder, int number);
	bool (*cut)(struct place *place, const char *url);
	bool (*damage)(struct place *place, const char *url);
};

struct place {
	const struct place_driver *driver;
	struct arena arena;
	const char *folder;
	const char *programs; /* of PostgreSQL */
	uid_t user;
	gid_t group;
	pid_t server;
	int stores;
	const char *mounts[MOUNTS_MAX];
	int mount_count;
};

static const char *text(struct place *place, const char *fmt, const char *a, const char *b)
{
	CLEANUP(buf_done) struct buf out = { 0 };

	/* @ stands for a, # for b */
	for (const char *c = fmt; *c != '\0'; c++) {
		if (*c == '@')
			buf_str(&out, str_c(a));
		else if (*c == '#')
			buf_str(&out, str_c(b));
		else
			buf_byte(&out, *c);
	}
	return arena_str(&place->arena, buf_view(&out)).p;
}

static const char *number_text(struct place *place, int number)
{
	return arena_fmt(&place->arena, "%d", number).p;
}

/* SQLite: a file per store. */

static bool sqlite_start(struct place *place)
{
	(void)place;
	return true;
}

static void sqlite_stop(struct place *place)
{
	(void)place;
}

static const char *sqlite_fresh(struct place *place, const char *folder, int number)
{
	return text(place, "sqlite:@/store#.db", folder, number_text(place, number));
}

static bool sqlite_cut(struct place *place, const char *url)
{
	(void)place;
	(void)url;
	return false;
}

static bool sqlite_damage(struct place *place, const char *url)
{
	CLEANUP(fd_close) int fd = open(strchr(url, ':') + 1, O_RDWR | O_CLOEXEC);
	char rubbish[4096];
	struct stat status;

	(void)place;
	must(fd != -1 && fstat(fd, &status) == 0);
	memset(rubbish, 0xa5, sizeof rubbish);
	/* all but the first page, so that the file still looks like a store */
	for (off_t at = 8192; at < status.st_size; at += (off_t)sizeof rubbish)
		must(pwrite(fd, rubbish, sizeof rubbish, at) == (ssize_t)sizeof rubbish);
	return true;
}

/* PostgreSQL: a database per store. */

static pid_t run_as_server(struct place *place, const char *const *words)
{
	pid_t child = fork();

	must(child != -1);
	if (child > 0)
		return child;
	if (getuid() == 0)
		must(setgid(place->group) == 0 && setuid(place->user) == 0);
	must(prctl(PR_SET_PDEATHSIG, SIGQUIT) == 0);
	must(freopen("/dev/null", "w", stdout) != NULL);
	must(freopen(text(place, "@/server.log", place->folder, ""), "a", stderr) != NULL);

	char *copies[16];
	size_t n = 0;

	for (; words[n] != NULL; n++) {
		must(n < ARRAY_LEN(copies) - 1);
		copies[n] = strdup(words[n]);
	}
	copies[n] = NULL;
	must(n > 0);
	(void)execv(copies[0], copies);
	_exit(127);
}

static void user_choose(struct place *place)
{
	const struct passwd *user = getpwnam("postgres");

	if (user == NULL)
		user = getpwnam("nobody");
	must(user != NULL);
	place->user = user->pw_uid;
	place->group = user->pw_gid;
}

static void server_owns(struct place *place, const char *path)
{
	if (getuid() == 0)
		must(chown(path, place->user, place->group) == 0);
}

static const char *admin_url(struct place *place, const char *database)
{
	return arena_fmt(&place->arena, "postgresql://pehra@/%s?host=%s", database, place->folder)
		.p;
}

static PGconn *admin(struct place *place)
{
	const char *url = text(place, "host=@ user=pehra dbname=postgres", place->folder, "");

	return PQconnectdb(url);
}

static void admin_do(struct place *place, const char *sql)
{
	PGconn *connection = admin(place);
	PGresult *result = PQexec(connection, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		(void)fprintf(stderr, "%s: %s\n", sql, PQresultErrorMessage(result));
	must(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
	PQclear(result);
	PQfinish(connection);
}

static void server_wait(struct place *place)
{
	for (int i = 0; i < START_TRIES; i++) {
		PGconn *connection = admin(place);
		bool up = PQstatus(connection) == CONNECTION_OK;
		struct timespec pause = { 0, START_PAUSE_NS };

		PQfinish(connection);
		if (up)
			return;
		(void)nanosleep(&pause, NULL);
	}
	must(!"the private PostgreSQL did not come up");
}

static bool postgres_start(struct place *place)
{
	glob_t found;
	int status;

	if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) != 0)
		return false;
	place->programs = text(place, "@", found.gl_pathv[found.gl_pathc - 1], "");
	globfree(&found);
	place->programs = arena_str(&place->arena,
		str_first(str_c(place->programs), strlen(place->programs) - strlen("/initdb")))
				  .p;
	user_choose(place);
	server_owns(place, place->folder);

	const char *data = text(place, "@/data", place->folder, "");
	const char *const make[] = { text(place, "@/initdb", place->programs, ""), "-D", data, "-A",
		"trust", "-U", "pehra", "--no-sync", "-E", "UTF8", "--locale=C", NULL };
	const char *const serve[] = { text(place, "@/postgres", place->programs, ""), "-D", data,
		"-k", place->folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c",
		"shared_buffers=64MB", NULL };
	pid_t maker = run_as_server(place, make);

	must(waitpid(maker, &status, 0) == maker && status == 0);
	place->server = run_as_server(place, serve);
	server_wait(place);
	return true;
}

static void postgres_stop(struct place *place)
{
	/* immediate: nothing of it is wanted any more */
	if (place->server > 0 && kill(place->server, SIGQUIT) == 0)
		(void)waitpid(place->server, NULL, 0);
}

static const char *postgres_fresh(struct place *place, const char *folder, int number)
{
	const char *name = text(place, "store#", "", number_text(place, number));

	if (folder != place->folder) {
		server_owns(place, folder);
		admin_do(place, text(place, "CREATE TABLESPACE small# LOCATION '@'", folder,
					number_text(place, number)));
		admin_do(place, text(place, "CREATE DATABASE @ TABLESPACE small#", name,
					number_text(place, number)));
	} else {
		admin_do(place, text(place, "CREATE DATABASE @", name, ""));
	}
	return admin_url(place, name);
}

static bool postgres_cut(struct place *place, const char *url)
{
	(void)url;
	admin_do(place, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
			"WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
	return true;
}

static bool postgres_damage(struct place *place, const char *url)
{
	(void)place;
	(void)url;
	return false;
}

static const struct place_driver place_drivers[] = {
	{ "sqlite", sqlite_start, sqlite_stop, sqlite_fresh, sqlite_cut, sqlite_damage },
	{ "postgresql", postgres_start, postgres_stop, postgres_fresh, postgres_cut,
		postgres_damage },
};

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	(void)remove(path);
	return 0;
}

struct place *place_start(const char *driver)
{
	struct place *place = calloc(1, sizeof *place);
	char folder[] = "/tmp/pehra-store-XXXXXX";

	must(place != NULL && mkdtemp(folder) != NULL);
	place->folder = arena_str(&place->arena, str_c(folder)).p;
	for (size_t i = 0; i < ARRAY_LEN(place_drivers); i++) {
		if (strcmp(driver, place_drivers[i].name) == 0)
			place->driver = &place_drivers[i];
	}
	must(place->driver != NULL);
	if (!place->driver->start(place))
		place_stop(&place);
	return place;
}

void place_stop(struct place **at)
{
	struct place *place = *at;

	if (place == NULL)
		return;
	place->driver->stop(place);
	while (place->mount_count > 0)
		(void)umount2(place->mounts[--place->mount_count], MNT_DETACH);
	(void)nftw(place->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	arena_done(&place->arena);
	free(place);
	*at = NULL;
}

const char *place_fresh(struct place *place)
{
	return place->driver->fresh(place, place->folder, ++place->stores);
}

const char *place_fresh_small(struct place *place, size_t bytes)
{
	int number = ++place->stores;
	const char *folder = text(place, "@/small#", place->folder, number_text(place, number));
	const char *options = arena_fmt(&place->arena, "size=%zu,mode=755", bytes).p;

	must(mkdir(folder, 0755) == 0 && place->mount_count < MOUNTS_MAX);
	if (mount("none", folder, "tmpfs", 0, options) == -1)
		return NULL;
	place->mounts[place->mount_count++] = folder;
	return place->driver->fresh(place, folder, number);
}

bool place_cut(struct place *place, const char *url)
{
	return place->driver->cut(place, url);
}

bool place_damage(struct place *place, const char *url)
{
	return place->driver->damage(place, url);
}

const char *place_folder(const struct place *place)
{
	return place->folder;
}
