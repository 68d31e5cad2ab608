/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From inside each role: what it may not do fails. The program starts itself once for each act of
 * each role, enters the role's real sandbox and tries; the outcome is compared with the table.
 */
#include "prop.h"

#include "base/clock.h"
#include "base/io.h"
#include "proc/child.h"
#include "proc/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LISTENER_FD = 10, FILE_FD = 11, NOBODY = 65534 };

/* What an act knows of the outside. */
struct scene {
	const char *data;
	uint16_t port; /* somebody listens there on 127.0.0.1 */
	pid_t outside;
	ino_t network;
	enum process process;
};

static bool opens(const char *folder, const char *name, int flags)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return open(path, flags | O_CLOEXEC, 0600) != -1;
}

static bool read_passwd(const struct scene *scene)
{
	(void)scene;
	return opens("/etc", "passwd", O_RDONLY);
}

static bool read_environment(const struct scene *scene)
{
	(void)scene;
	return opens("/proc/self", "environ", O_RDONLY);
}

static bool read_certificates(const struct scene *scene)
{
	(void)scene;
	return opens("/etc/ssl", "certs", O_RDONLY | O_DIRECTORY);
}

static bool read_snapshot(const struct scene *scene)
{
	return opens(scene->data, "snapshot/file", O_RDONLY);
}

static bool read_store(const struct scene *scene)
{
	return opens(scene->data, "store/file", O_RDONLY);
}

static bool read_key(const struct scene *scene)
{
	return opens(scene->data, "keys/file", O_RDONLY);
}

static bool read_public_key(const struct scene *scene)
{
	return opens(scene->data, "keys/snapshot.pub", O_RDONLY);
}

static bool write_snapshot(const struct scene *scene)
{
	return opens(scene->data, "snapshot/file", O_WRONLY);
}

static bool create_in_store(const struct scene *scene)
{
	return opens(scene->data, "store/new", O_WRONLY | O_CREAT | O_EXCL);
}

static bool truncate_store(const struct scene *scene)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/store/file", scene->data);
	return truncate(path, 1) == 0;
}

static bool replace_in_store(const struct scene *scene)
{
	char from[PATH_MAX];
	char to[PATH_MAX];

	(void)snprintf(from, sizeof from, "%s/store/other", scene->data);
	(void)snprintf(to, sizeof to, "%s/snapshot/other", scene->data);
	return rename(from, to) == 0;
}

static bool create_in_tmp(const struct scene *scene)
{
	(void)scene;
	return open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) != -1;
}

static bool read_descriptor(const struct scene *scene)
{
	char byte;

	(void)scene;
	return read(FILE_FD, &byte, 1) == 1;
}

static bool write_descriptor(const struct scene *scene)
{
	(void)scene;
	return pwrite(FILE_FD, "x", 1, 0) == 1;
}

static bool makes_socket(int family, int type)
{
	return socket(family, type | SOCK_CLOEXEC, 0) != -1;
}

static bool socket_tcp(const struct scene *scene)
{
	(void)scene;
	return makes_socket(AF_INET, SOCK_STREAM);
}

static bool socket_udp(const struct scene *scene)
{
	(void)scene;
	return makes_socket(AF_INET6, SOCK_DGRAM);
}

static bool socket_unix(const struct scene *scene)
{
	(void)scene;
	return makes_socket(AF_UNIX, SOCK_STREAM);
}

static bool socket_raw(const struct scene *scene)
{
	(void)scene;
	return makes_socket(AF_INET, SOCK_RAW);
}

static bool socket_packet(const struct scene *scene)
{
	(void)scene;
	return makes_socket(AF_PACKET, SOCK_RAW);
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static bool connect_tcp(const struct scene *scene)
{
	struct sockaddr_in to = loopback(scene->port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd != -1 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
}

static bool listen_tcp(const struct scene *scene)
{
	struct sockaddr_in at = loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)scene;
	return fd != -1 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
	       listen(fd, 1) == 0;
}

static bool accept_inherited(const struct scene *scene)
{
	(void)scene;
	return accept4(LISTENER_FD, NULL, NULL, SOCK_CLOEXEC) != -1 || errno == EAGAIN;
}

static bool see_network(const struct scene *scene)
{
	struct stat network;

	return stat("/proc/self/ns/net", &network) == 0 && network.st_ino == scene->network;
}

static bool fork_process(const struct scene *scene)
{
	pid_t pid = fork();

	(void)scene;
	if (pid == 0)
		_exit(0);
	return pid != -1;
}

static void *thread_body(void *argument)
{
	return argument;
}

static bool start_thread(const struct scene *scene)
{
	pthread_t thread;

	(void)scene;
	return pthread_create(&thread, NULL, thread_body, NULL) == 0 &&
	       pthread_join(thread, NULL) == 0;
}

static bool execute(const struct scene *scene)
{
	char *const arguments[] = { NULL };

	(void)scene;
	/* success would end the probe with 0, which reads as "could" */
	(void)execve("/bin/true", arguments, arguments);
	return false;
}

static bool map_executable(const struct scene *scene)
{
	(void)scene;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0) != MAP_FAILED;
}

static bool trace(const struct scene *scene)
{
	return ptrace(PTRACE_ATTACH, scene->outside, NULL, NULL) != -1;
}

static bool read_memory(const struct scene *scene)
{
	char byte;
	struct iovec here = { &byte, 1 };
	struct iovec there = { &byte, 1 };

	return process_vm_readv(scene->outside, &here, 1, &there, 1, 0) != -1;
}

static bool signal_outside(const struct scene *scene)
{
	return kill(scene->outside, 0) == 0;
}

static bool become_root(const struct scene *scene)
{
	(void)scene;
	return setresuid(0, 0, 0) == 0;
}

static bool leave_namespace(const struct scene *scene)
{
	(void)scene;
	return unshare(CLONE_NEWUSER) == 0;
}

static bool mount_folder(const struct scene *scene)
{
	return mount("none", scene->data, "tmpfs", 0, NULL) == 0;
}

static bool dump_core(const struct scene *scene)
{
	struct rlimit limit;

	(void)scene;
	return getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0;
}

static bool load_bpf(const struct scene *scene)
{
	(void)scene;
	return syscall(SYS_bpf, 0, NULL, 0) != -1 || errno == EINVAL;
}

static bool use_ring(const struct scene *scene)
{
	(void)scene;
	return syscall(SYS_io_uring_setup, 1, NULL) != -1 || errno == EFAULT;
}

static bool use_keys(const struct scene *scene)
{
	(void)scene;
	return syscall(SYS_keyctl, 0, -3, 0) != -1;
}

static bool type_for_others(const struct scene *scene)
{
	(void)scene;
	return ioctl(STDERR_FILENO, 0x5412 /* TIOCSTI */, "x") != -1;
}

/* libc would read /etc/localtime for it */
static bool read_calendar(const struct scene *scene)
{
	int64_t time_s;

	(void)scene;
	return time_parse(STR("2026-11-23T20:49:00Z"), &time_s) && time_s == 1795466940;
}

#define ONE(process) (1U << (process))
#define F            ONE(PROCESS_FETCH)
#define P            ONE(PROCESS_PARSE)
#define K            ONE(PROCESS_KEEPER)
#define A            ONE(PROCESS_ANSWER)
#define W            ONE(PROCESS_WEB)

/* Who may. Everybody else must fail. */
static const struct act {
	const char *name;
	bool (*try)(const struct scene *scene);
	unsigned may;
	unsigned with_store; /* who may besides, when the store is reached over the network */
} acts[] = {
	{ "read_passwd", read_passwd, 0, 0 },
	{ "read_environment", read_environment, 0, 0 },
	{ "read_certificates", read_certificates, F, K | W },
	{ "read_snapshot", read_snapshot, K | A | W, 0 },
	{ "read_store", read_store, K | W, 0 },
	{ "read_key", read_key, K, 0 },
	{ "read_public_key", read_public_key, K | A | W, 0 },
	{ "write_snapshot", write_snapshot, K, 0 },
	{ "create_in_store", create_in_store, K, 0 },
	{ "truncate_store", truncate_store, K, 0 },
	{ "replace_in_store", replace_in_store, K, 0 },
	{ "create_in_tmp", create_in_tmp, 0, 0 },
	{ "read_descriptor", read_descriptor, F | P | K | A | W, 0 },
	{ "write_descriptor", write_descriptor, F | K, 0 },
	{ "socket_tcp", socket_tcp, F, K | W },
	{ "socket_udp", socket_udp, F, K | W },
	{ "socket_unix", socket_unix, 0, K | W },
	{ "socket_raw", socket_raw, 0, 0 },
	{ "socket_packet", socket_packet, 0, 0 },
	{ "connect_tcp", connect_tcp, F, K | W },
	{ "listen_tcp", listen_tcp, 0, 0 },
	{ "accept_inherited", accept_inherited, K | A | W, 0 },
	{ "see_network", see_network, F | K | A | W, 0 },
	{ "fork", fork_process, K, 0 },
	{ "start_thread", start_thread, F | K | A | W, 0 },
	{ "execute", execute, 0, 0 },
	{ "map_executable", map_executable, F, K | W },
	{ "trace", trace, 0, 0 },
	{ "read_memory", read_memory, 0, 0 },
	{ "signal_outside", signal_outside, 0, 0 },
	{ "become_root", become_root, 0, 0 },
	{ "leave_namespace", leave_namespace, 0, 0 },
	{ "mount_folder", mount_folder, 0, 0 },
	{ "dump_core", dump_core, 0, 0 },
	{ "load_bpf", load_bpf, 0, 0 },
	{ "use_ring", use_ring, 0, 0 },
	{ "use_keys", use_keys, 0, 0 },
	{ "type_for_others", type_for_others, 0, 0 },
	{ "read_calendar", read_calendar, F | P | K | A | W, 0 },
};

/* Of the probe: it could, it could not, the sandbox did not come to be. */
enum { PROBE_COULD = 0, PROBE_COULD_NOT = 1, PROBE_BROKEN = 2 };

/* What differs in a build with sanitizers, whose run-time needs more. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

static bool is_left_to_sanitizers(const struct act *act)
{
	return act->try == fork_process || act->try == map_executable || act->try == start_thread;
}

static int probe(char **argv)
{
	struct sandbox_request request = { .data = argv[3],
		.has_network_store = str_eq(str_c(argv[7]), STR("store")) };
	struct sandbox_status status;
	struct scene scene = { .data = argv[3] };
	struct why why;
	uint64_t act, port, outside, network;

	if (!process_from_word(str_c(argv[1]), &request.process) ||
		!parse_u64(str_c(argv[2]), &act) || !parse_u64(str_c(argv[4]), &port) ||
		!parse_u64(str_c(argv[5]), &outside) || !parse_u64(str_c(argv[6]), &network))
		return PROBE_BROKEN;
	scene.port = (uint16_t)port;
	scene.outside = (pid_t)outside;
	scene.network = (ino_t)network;
	scene.process = request.process;
	if (sandbox_enter(&request, &status, &why) != OK) {
		(void)fprintf(stderr, "%s\n", why.text);
		return PROBE_BROKEN;
	}
	_exit(acts[act].try(&scene) ? PROBE_COULD : PROBE_COULD_NOT);
}

static char data_folder[] = "/tmp/pehra-sandbox-XXXXXX";
static uint16_t listening_port;

static void make_file(const char *name)
{
	char path[PATH_MAX];
	CLEANUP(fd_close) int fd = -1;

	(void)snprintf(path, sizeof path, "%s/%s", data_folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd != -1 && write(fd, "content", 7) == 7);
	assert_true(geteuid() != 0 || chown(path, NOBODY, NOBODY) == 0);
}

static void make_folder(const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/%s", data_folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(geteuid() != 0 || chown(path, NOBODY, NOBODY) == 0);
}

static int set_up(void **state)
{
	struct sockaddr_in at = loopback(0);
	socklen_t size = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)state;
	assert_non_null(mkdtemp(data_folder));
	assert_true(geteuid() != 0 || chown(data_folder, NOBODY, NOBODY) == 0);
	make_folder("snapshot");
	make_folder("store");
	make_folder("keys");
	make_file("snapshot/file");
	make_file("keys/file");
	make_file("keys/snapshot.pub");
	assert_true(listener != -1 &&
		    bind(listener, (const struct sockaddr *)&at, sizeof at) == 0 &&
		    listen(listener, 64) == 0 &&
		    getsockname(listener, (struct sockaddr *)&at, &size) == 0);
	listening_port = ntohs(at.sin_port);
	assert_true(dup2(listener, LISTENER_FD) != -1);
	(void)close(listener);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = { "snapshot/file", "snapshot/other", "store/file",
		"store/other", "store/new", "keys/file", "keys/snapshot.pub", "snapshot", "store",
		"keys", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof path, "%s/%s", data_folder, files[i]);
		(void)remove(path);
	}
	return 0;
}

/* The exit status of the probe as waitpid() gives it. */
static int run_probe(enum process process, size_t act, bool has_store)
{
	struct stat network;
	int status;
	char words[4][24];

	make_file("store/file");
	make_file("store/other");
	(void)snprintf(words[0], sizeof words[0], "%zu", act);
	(void)snprintf(words[1], sizeof words[1], "%u", (unsigned)listening_port);
	(void)snprintf(words[2], sizeof words[2], "%d", (int)getpid());
	assert_int_equal(stat("/proc/self/ns/net", &network), 0);
	(void)snprintf(words[3], sizeof words[3], "%llu", (unsigned long long)network.st_ino);

	CLEANUP(fd_close) int file = memfd_create("file", MFD_CLOEXEC);

	assert_true(write(file, "content", 7) == 7 && lseek(file, 0, SEEK_SET) == 0);

	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		char *const arguments[] = { (char *)(uintptr_t) "--probe",
			(char *)(uintptr_t)process_word(process), words[0], data_folder, words[1],
			words[2], words[3], (char *)(uintptr_t)(has_store ? "store" : ""), NULL };

		if (dup2(file, FILE_FD) == -1 || dup2(null, STDERR_FILENO) == -1)
			_exit(PROBE_BROKEN);
		(void)execv("/proc/self/exe", arguments);
		_exit(PROBE_BROKEN);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	(void)memset(words, 0, sizeof words);

	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/store/new", data_folder);
	(void)unlink(path);
	return status;
}

static void judge(enum process process, size_t act, bool has_store)
{
	int status = run_probe(process, act, has_store);
	bool could = WIFEXITED(status) && WEXITSTATUS(status) == PROBE_COULD;
	bool could_not = (WIFEXITED(status) && WEXITSTATUS(status) == PROBE_COULD_NOT) ||
			 (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	unsigned all = acts[act].may | (has_store ? acts[act].with_store : 0);
	bool may = (all & ONE(process)) != 0;

	if (!could && !could_not)
		fail_msg("%s, %s: the probe ended with %#x", process_word(process), acts[act].name,
			(unsigned)status);
	if (SANITIZED && is_left_to_sanitizers(&acts[act]))
		return;
	if (could != may)
		fail_msg("%s %s %s", process_word(process), may ? "cannot" : "can", acts[act].name);
}

static void test_each_role(void **state)
{
	static const enum process roles[] = { PROCESS_FETCH, PROCESS_PARSE, PROCESS_KEEPER,
		PROCESS_ANSWER, PROCESS_WEB };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		for (size_t act = 0; act < ARRAY_LEN(acts); act++) {
			judge(roles[i], act, false);
			if (acts[act].with_store != 0)
				judge(roles[i], act, true);
		}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_role),
	};

	if (argc == 8 && str_eq(str_c(argv[0]), STR("--probe")))
		return probe(argv);
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1) {
		(void)fprintf(stderr, "SKIP: this kernel has no Landlock\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
