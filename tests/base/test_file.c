/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/small_disk.h"
#include "tests/support/tmpdir.h"

#define PATH_BYTES (OAC_TEST_DIR_BYTES + 64)

static char dir[OAC_TEST_DIR_BYTES], path[PATH_BYTES];
static struct oac_err err;

static void make_dir(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "file.bin", path);
}

static void remove_dir(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(file, .init = make_dir, .fini = remove_dir);

static void expect_content(const char *expected)
{
    char *data = NULL;
    size_t bytes = 0;
    cr_assert_eq(oac_file_read(path, 1000, &data, &bytes, &err), OAC_OK, "%s", err.message);
    cr_assert_str_eq(data, expected);
    cr_assert_eq(bytes, strlen(expected));
    free(data);
}

Test(file, what_is_written_is_read_back)
{
    cr_assert_eq(oac_file_write(path, "light", 5, &err), OAC_OK, "%s", err.message);
    expect_content("light");
    cr_assert_eq(oac_test_dir_entries(dir), 1);
}

Test(file, an_existing_file_is_replaced_and_keeps_its_mode)
{
    oac_test_file_put(path, "old and longer", 14);
    cr_assert_eq(chmod(path, 0640), 0);
    cr_assert_eq(oac_file_write(path, "new", 3, &err), OAC_OK, "%s", err.message);
    expect_content("new");
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0640);
    cr_assert_eq(oac_test_dir_entries(dir), 1);
}

Test(file, a_new_file_obeys_the_umask)
{
    umask(027);
    cr_assert_eq(oac_file_write(path, "x", 1, &err), OAC_OK, "%s", err.message);
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0640);
}

Test(file, a_symbolic_link_stays_and_its_target_changes)
{
    char link_path[PATH_BYTES];
    oac_test_dir_path(dir, "link", link_path);
    oac_test_file_put(path, "old", 3);
    cr_assert_eq(symlink(path, link_path), 0);
    cr_assert_eq(oac_file_write(link_path, "new", 3, &err), OAC_OK, "%s", err.message);
    struct stat info;
    cr_assert_eq(lstat(link_path, &info), 0);
    cr_assert(S_ISLNK(info.st_mode));
    expect_content("new");
}

Test(file, a_name_without_a_directory_is_written_here)
{
    cr_assert_eq(chdir(dir), 0);
    cr_assert_eq(oac_file_write("file.bin", "here", 4, &err), OAC_OK, "%s", err.message);
    expect_content("here");
}

Test(file, an_empty_file_is_empty_text)
{
    cr_assert_eq(oac_file_write(path, "", 0, &err), OAC_OK, "%s", err.message);
    expect_content("");
}

Test(file, a_file_over_the_limit_is_refused_with_both_sizes)
{
    oac_test_file_put(path, "0123456789", 10);
    char *data = NULL;
    size_t bytes = 77;
    cr_assert_eq(oac_file_read(path, 10, &data, &bytes, &err), OAC_OK, "%s", err.message);
    free(data);
    data = NULL;
    bytes = 77;
    cr_assert_eq(oac_file_read(path, 9, &data, &bytes, &err), OAC_EINVAL);
    cr_assert_null(data);
    cr_assert_eq(bytes, 77, "outputs are untouched on failure");
    cr_assert(strstr(err.message, "file.bin: 10 bytes, at most 9"), "%s", err.message);
}

Test(file, what_is_not_a_regular_file_is_refused_without_blocking)
{
    char *data = NULL;
    size_t bytes = 0;
    cr_assert_eq(mkfifo(path, 0600), 0);
    alarm(10); /* an open() that waits for a writer would hang here */
    cr_assert_eq(oac_file_read(path, 10, &data, &bytes, &err), OAC_EINVAL);
    cr_assert_eq(oac_file_write(path, "x", 1, &err), OAC_EINVAL);
    cr_assert_eq(oac_file_read(dir, 10, &data, &bytes, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "directory"), "%s", err.message);
    cr_assert_eq(oac_file_write("/dev/null", "x", 1, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "/dev/null"), "%s", err.message);
    struct stat info;
    cr_assert_eq(stat("/dev/null", &info), 0);
    cr_assert(S_ISCHR(info.st_mode));
}

/* As /dev/stdout is when a program's output goes through a pipe. */
Test(file, a_link_to_no_file_is_not_replaced)
{
    int ends[2];
    char pipe_path[64];
    struct stat info;
    cr_assert_eq(pipe(ends), 0);
    snprintf(pipe_path, sizeof pipe_path, "/proc/self/fd/%d", ends[1]);
    const char *const targets[] = {pipe_path, "/nowhere/to/be/found"};
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(symlink(targets[i], path), 0);
        cr_expect_eq(oac_file_write(path, "x", 1, &err), OAC_EINVAL);
        cr_expect(strstr(err.message, path), "%s", err.message);
        cr_assert_eq(lstat(path, &info), 0);
        cr_expect(S_ISLNK(info.st_mode));
        cr_assert_eq(unlink(path), 0);
    }
    close(ends[0]);
    close(ends[1]);
}

Test(file, a_missing_file_is_not_found)
{
    char *data = NULL;
    size_t bytes = 0;
    cr_assert_eq(oac_file_read(path, 10, &data, &bytes, &err), OAC_ENOTFOUND);
    cr_assert(strstr(err.message, "file.bin") && strstr(err.message, strerror(ENOENT)), "%s",
              err.message);
}

Test(file, a_missing_directory_is_an_error_naming_it)
{
    char lost[PATH_BYTES];
    oac_test_dir_path(dir, "lost/file.bin", lost);
    cr_assert_eq(oac_file_write(lost, "x", 1, &err), OAC_EIO);
    cr_assert(strstr(err.message, "/lost: "), "%s", err.message);
    cr_assert_eq(oac_test_dir_entries(dir), 0);
}

Test(file, an_over_long_path_is_an_error)
{
    char lost[6000];
    memset(lost, 'a', sizeof lost - 1);
    lost[sizeof lost - 1] = '\0';
    cr_assert_eq(oac_file_write(lost, "x", 1, &err), OAC_EIO);
    lost[300] = '\0'; /* a name longer than 255 bytes */
    cr_assert_eq(oac_file_write(lost, "x", 1, &err), OAC_EIO);
}

/* Root may write anywhere; the test becomes an ordinary user for good (Criterion forks per
 * test). */
static void become_nobody(void)
{
    if (geteuid() == 0)
        cr_assert(setgid(65534) == 0 && setuid(65534) == 0);
}

Test(file, an_unwritable_directory_or_file_is_left_alone)
{
    oac_test_file_put(path, "old", 3);
    cr_assert_eq(chmod(path, 0444), 0);
    cr_assert_eq(chmod(dir, 0777), 0);
    pid_t child = fork();
    if (child == 0) {
        become_nobody();
        char other[PATH_BYTES];
        enum oac_status on_file = oac_file_write(path, "new", 3, &err);
        if (chmod(dir, 0555) && errno != EPERM) /* its owner may, nobody need not */
            _exit(3);
        oac_test_dir_path(dir, "other", other);
        _exit(on_file == OAC_EIO && strstr(err.message, strerror(EACCES)) ? 0 : 1);
    }
    int result;
    cr_assert_eq(waitpid(child, &result, 0), child);
    cr_assert_eq(result, 0);
    chmod(dir, 0555);
    child = fork();
    if (child == 0) {
        become_nobody();
        char other[PATH_BYTES];
        oac_test_dir_path(dir, "other", other);
        _exit(oac_file_write(other, "new", 3, &err) == OAC_EIO &&
                      strstr(err.message, strerror(EACCES))
                  ? 0
                  : 1);
    }
    cr_assert_eq(waitpid(child, &result, 0), child);
    cr_assert_eq(result, 0);
    chmod(dir, 0755);
    expect_content("old");
    cr_assert_eq(oac_test_dir_entries(dir), 1);
}

static void expect_old_file_survives(size_t bytes)
{
    char *data = calloc(bytes, 1);
    cr_assert_eq(oac_file_write(path, data, bytes, &err), OAC_EIO);
    free(data);
    cr_assert(strstr(err.message, "nothing was changed"), "%s", err.message);
    expect_content("old");
    cr_assert_eq(oac_test_dir_entries(dir), 1, "a temporary file was left behind");
}

Test(file, a_size_limit_is_an_error_and_not_a_signal)
{
    oac_test_file_put(path, "old", 3);
    struct rlimit limit = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    expect_old_file_survives(10000);
    signal(SIGXFSZ, SIG_IGN);
    expect_old_file_survives(10000);
    limit.rlim_cur = RLIM_INFINITY;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_assert_eq(oac_file_write(path, "new", 3, &err), OAC_OK, "%s", err.message);
}

Test(file, a_full_disk_leaves_the_old_file)
{
    oac_test_small_disk(dir, "64k");
    oac_test_file_put(path, "old", 3);
    expect_old_file_survives(200000);
    cr_assert_eq(oac_file_write(path, "new", 3, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(umount(dir), 0);
}
