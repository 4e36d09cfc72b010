/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/fetch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "models/dataset.h"
#include "tests/models/idx_fixture.h"
#include "tests/support/http_server.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

#define PATH_BYTES (OAC_TEST_DIR_BYTES + 128)
#define IMAGES_GZ  "t10k-images-idx3-ubyte.gz"

/* A data set of four small files on two servers, and where it is fetched to. */
static char dir[OAC_TEST_DIR_BYTES], place[PATH_BYTES];
static struct oac_http_server *first, *second;
static char first_base[128], second_base[128];
static char digest[4][OAC_DIGEST_HEX_BYTES];
static struct oac_catalog_entry entry;
static struct bytes images_gz; /* of the test part: some 30 kB that do not compress */
static struct oac_fetch_options options;
static struct oac_err err;

static uint8_t noise(size_t i)
{
    uint32_t x = (uint32_t)i * 2654435761u;
    x ^= x >> 15;
    x *= 0x85ebca6bu;
    return (uint8_t)(x >> 24);
}

static uint8_t other_noise(size_t i)
{
    return noise(i + 1000003);
}

static uint8_t digits(size_t i)
{
    return (uint8_t)(i % 10);
}

/* Makes, publishes and puts one file on both servers. */
static struct bytes serve(struct oac_catalog_file *file, const char *name, char *hex,
                          size_t rank, uint32_t count)
{
    uint8_t sum[32];
    char path[64];
    struct bytes raw =
        fixture_idx(rank, (uint32_t[]){count, 28, 28}, rank == 3 ? noise : digits);
    struct bytes gz = fixture_gzip(raw);
    cr_assert_eq(oac_digest_memory(raw.data, raw.count, sum, &err), OAC_OK);
    oac_digest_hex(sum, hex);
    *file = (struct oac_catalog_file){name, hex, raw.count};
    snprintf(path, sizeof path, "data/%s.gz", name);
    oac_http_server_put(first, path, gz.data, gz.count);
    oac_http_server_put(second, path, gz.data, gz.count);
    free(raw.data);
    return gz;
}

static void start(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "small/" IMAGES_GZ, place);
    setenv("no_proxy", "127.0.0.1", 1);
    first = oac_http_server_start();
    second = oac_http_server_start();
    snprintf(first_base, sizeof first_base, "%sdata/", oac_http_server_url(first));
    snprintf(second_base, sizeof second_base, "%sdata", oac_http_server_url(second));
    entry = *oac_catalog_unknown();
    entry.name = "small";
    entry.mirror[0] = first_base;
    entry.mirror[1] = second_base; /* without a slash at its end */
    struct oac_catalog_pair *test = &entry.part[OAC_CATALOG_TEST];
    struct oac_catalog_pair *train = &entry.part[OAC_CATALOG_TRAIN];
    images_gz = serve(&test->images, "t10k-images-idx3-ubyte", digest[0], 3, 40);
    free(serve(&test->labels, "t10k-labels-idx1-ubyte", digest[1], 1, 40).data);
    free(serve(&train->images, "train-images-idx3-ubyte", digest[2], 3, 60).data);
    free(serve(&train->labels, "train-labels-idx1-ubyte", digest[3], 1, 60).data);
    options = (struct oac_fetch_options){.directory = dir, .stall_timeout_s = 1.0};
}

static void stop(void)
{
    free(images_gz.data);
    oac_http_server_stop(first);
    oac_http_server_stop(second);
    oac_test_dir_remove(dir);
}

TestSuite(fetch, .init = start, .fini = stop);

static void fault(struct oac_http_server *server, enum oac_http_fault kind, size_t after,
                  size_t times)
{
    oac_http_server_fault(server, "data/" IMAGES_GZ, kind, after, times);
}

static size_t requests(struct oac_http_server *server)
{
    return oac_http_server_requests(server, "data/" IMAGES_GZ);
}

static size_t last_first_byte(struct oac_http_server *server)
{
    return oac_http_server_last_first_byte(server, "data/" IMAGES_GZ);
}

static void expect_fetched(void)
{
    char *data = NULL, *where = NULL, part[PATH_BYTES + 8];
    size_t bytes = 0;
    struct oac_dataset *dataset = NULL;
    cr_assert_eq(oac_fetch(&entry, &options, &where, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_test_dir_entries(where), 4, "only the four files, no part");
    cr_assert_eq(oac_file_read(place, 1 << 20, &data, &bytes, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(bytes, images_gz.count);
    cr_assert_arr_eq(data, images_gz.data, bytes);
    snprintf(part, sizeof part, "%s.part", place);
    cr_assert_neq(access(part, F_OK), 0);
    cr_assert_eq(oac_dataset_open("small", "all-train", dir, &dataset, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(dataset->count, 60);
    oac_dataset_destroy(dataset);
    free(data);
    free(where);
}

/* The images have not appeared; a part of them has `part_bytes` (0: is not there). */
static void expect_failure(enum oac_status status, const char *says, size_t part_bytes)
{
    char part[PATH_BYTES + 8], *where = NULL;
    struct stat info;
    cr_assert_eq(oac_fetch(&entry, &options, &where, &err), status, "got %s: %s",
                 oac_status_name(err.status), err.message);
    cr_assert_null(where);
    cr_assert(strstr(err.message, says), "no '%s' in: %s", says, err.message);
    cr_assert_neq(access(place, F_OK), 0, "a file that is not whole has appeared");
    snprintf(part, sizeof part, "%s.part", place);
    if (part_bytes == 0)
        cr_assert_neq(access(part, F_OK), 0, "an empty part was left");
    else
        cr_assert(stat(part, &info) == 0 && (size_t)info.st_size == part_bytes, "part of %zu",
                  (size_t)info.st_size);
}

static void put_part(const void *data, size_t bytes)
{
    char path[OAC_TEST_DIR_BYTES + 16];
    fixture_put(oac_test_dir_path(dir, "small", path), IMAGES_GZ ".part",
                (struct bytes){(uint8_t *)data, bytes});
}

Test(fetch, the_four_files_appear_whole_and_a_second_fetch_asks_for_nothing)
{
    expect_fetched();
    expect_fetched();
    cr_assert_eq(requests(first), 1);
    cr_assert_eq(requests(second), 0);
}

Test(fetch, a_broken_connection_is_resumed_where_it_broke)
{
    fault(first, OAC_HTTP_CUT, 10000, 2);
    expect_fetched();
    cr_assert_eq(requests(first), 3);
    cr_assert_eq(last_first_byte(first), 20000);
    cr_assert_eq(requests(second), 0);
}

Test(fetch, a_later_fetch_goes_on_from_the_part)
{
    fault(first, OAC_HTTP_CUT, 10000, 1);
    options.mirror = first_base;
    put_part(images_gz.data, 5000);
    expect_fetched();
    cr_assert_eq(requests(first), 2);
    cr_assert_eq(last_first_byte(first), 15000);
}

Test(fetch, the_second_mirror_serves_when_the_first_cannot)
{
    static const enum oac_http_fault faults[] = {OAC_HTTP_ERROR_503, OAC_HTTP_REDIRECT_LOOP,
                                                 OAC_HTTP_REDIRECT_FILE, OAC_HTTP_ENDLESS};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, RLIM_INFINITY}), 0);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        fault(first, faults[i], 0, 0);
        expect_fetched();
        cr_assert_eq(requests(second), i + 1);
        cr_assert_eq(remove(place), 0);
    }
}

Test(fetch, a_redirect_leads_to_no_local_file)
{
    fault(first, OAC_HTTP_REDIRECT_FILE, 0, 0);
    options.mirror = first_base;
    expect_failure(OAC_EIO, "only http:// and https:// are fetched", 0);
}

Test(fetch, what_the_first_mirror_left_is_completed_by_the_second)
{
    fault(first, OAC_HTTP_STALL, 12000, 0);
    expect_fetched();
    cr_assert_eq(last_first_byte(second), 12000);
}

Test(fetch, wrong_content_never_appears_and_the_next_mirror_is_asked)
{
    struct bytes raw = fixture_idx(3, (uint32_t[]){40, 28, 28}, other_noise);
    struct bytes gz = fixture_gzip(raw);
    oac_http_server_put(first, "data/" IMAGES_GZ, gz.data, gz.count);
    expect_fetched();
    cr_assert_eq(requests(second), 1);
    cr_assert_eq(remove(place), 0);
    options.mirror = first_base;
    expect_failure(OAC_EIO, "SHA-256", 0);
    oac_http_server_put(first, "data/" IMAGES_GZ, "<html>log in first</html>", 25);
    expect_failure(OAC_EIO, "not an IDX file", 0);
    oac_http_server_put(first, "data/" IMAGES_GZ, "", 0);
    expect_failure(OAC_EIO, "empty", 0);
    free(raw.data);
    free(gz.data);
}

Test(fetch, a_part_that_fits_no_mirror_is_dropped_and_fetched_whole)
{
    put_part("what another mirror's compressor wrote", 38);
    expect_fetched();
    cr_assert_eq(requests(first), 2);
    cr_assert_eq(last_first_byte(first), 0);
}

Test(fetch, a_server_that_ignores_ranges_sends_the_whole_file)
{
    put_part(images_gz.data, 5000);
    fault(first, OAC_HTTP_IGNORE_RANGE, 0, 0);
    expect_fetched();
    cr_assert_eq(requests(second), 0);
}

Test(fetch, a_finished_part_is_used_without_asking)
{
    put_part(images_gz.data, images_gz.count);
    expect_fetched();
    cr_assert_eq(requests(first), 0);
}

Test(fetch, a_part_longer_than_the_file_is_dropped)
{
    /* Just as long as the file (the server answers 416), and longer than any such file can be. */
    struct bytes zeros = {calloc(1, 200000), 200000};
    cr_assert_not_null(zeros.data);
    put_part(zeros.data, images_gz.count);
    expect_fetched();
    cr_assert_eq(remove(place), 0);
    put_part(zeros.data, zeros.count);
    expect_fetched();
    free(zeros.data);
}

Test(fetch, a_wrong_file_in_the_place_is_replaced)
{
    char path[OAC_TEST_DIR_BYTES + 16];
    oac_test_dir_path(dir, "small", path);
    fixture_put(path, IMAGES_GZ, (struct bytes){(uint8_t *)"wrong", 5});
    expect_fetched();
    cr_assert_eq(remove(place), 0);
    fixture_put(path, "t10k-images-idx3-ubyte", (struct bytes){(uint8_t *)"wrong", 5});
    expect_fetched();
}

Test(fetch, when_no_mirror_serves_the_message_names_both_and_nothing_is_left)
{
    fault(first, OAC_HTTP_ERROR_503, 0, 0);
    entry.mirror[1] = "http://127.0.0.1:1/";
    expect_failure(OAC_EIO, first_base, 0);
    cr_assert(strstr(err.message, "503"), "%s", err.message);
    cr_assert(strstr(err.message, "http://127.0.0.1:1/"), "%s", err.message);
    options.mirror = oac_http_server_url(first); /* serves nothing there */
    expect_failure(OAC_EIO, "404", 0);
}

Test(fetch, a_body_without_end_is_cut_at_what_the_file_can_have)
{
    /* Should the bound ever break, this one keeps the disk from being filled. */
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, RLIM_INFINITY}), 0);
    fault(first, OAC_HTTP_ENDLESS, 0, 0);
    options.mirror = first_base;
    expect_failure(OAC_EIO, "longer than", 0);
}

Test(fetch, a_stalled_server_is_left_after_the_timeout)
{
    struct timespec begin, end;
    fault(first, OAC_HTTP_STALL, 700, 0);
    options.mirror = first_base;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    expect_failure(OAC_EIO, "less than 100 bytes/s for 1 s", 700);
    clock_gettime(CLOCK_MONOTONIC, &end);
    /* One second without data, then whatever a busy machine adds: less than the default of 30 s. */
    cr_assert_lt(end.tv_sec - begin.tv_sec, 25);
}

static bool stop_in_mid_file(void *context)
{
    return requests(context) > 0;
}

Test(fetch, an_interrupted_fetch_leaves_a_part_and_the_next_one_completes_it)
{
    const struct oac_sink sink = {.context = first, .stop_requested = stop_in_mid_file};
    options.sink = &sink;
    options.stall_timeout_s = 60.0;
    fault(first, OAC_HTTP_STALL, 9000, 1);
    cr_assert_eq(oac_fetch(&entry, &options, NULL, &err), OAC_EINTERRUPTED, "%s", err.message);
    cr_assert_neq(access(place, F_OK), 0);
    cr_assert_eq(requests(second), 0, "an interrupted fetch asks no further mirror");
    options.sink = NULL;
    expect_fetched();
}

static size_t last_done, last_total;

static void record(void *context, const char *what, size_t done, size_t total, const char *note)
{
    (void)context, (void)note;
    if (strcmp(what, IMAGES_GZ) == 0) {
        last_done = done;
        last_total = total;
    }
}

Test(fetch, progress_counts_the_bytes_of_the_whole_file_also_when_resumed)
{
    const struct oac_sink sink = {.progress = record};
    options.sink = &sink;
    put_part(images_gz.data, 5000);
    expect_fetched();
    cr_assert_eq(last_done, images_gz.count);
    cr_assert_eq(last_total, images_gz.count);
}

Test(fetch, a_local_failure_asks_no_further_mirror)
{
    /* 20,000 bytes: enough for the labels, which come first, not for the images. */
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){20000, RLIM_INFINITY}), 0);
    expect_failure(OAC_EIO, "File too large", 20000);
    cr_assert_eq(requests(second), 0);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), 0);
    expect_fetched();
    cr_assert_eq(last_first_byte(first), 20000);
}

Test(fetch, two_fetches_of_one_file_do_not_mix)
{
    char part[PATH_BYTES + 8];
    put_part(images_gz.data, 100);
    snprintf(part, sizeof part, "%s.part", place);
    int held = open(part, O_RDWR | O_CLOEXEC);
    cr_assert(held >= 0 && flock(held, LOCK_SH) == 0);
    expect_failure(OAC_EIO, "another fetch", 100);
    close(held);
    expect_fetched();
}

Test(fetch, only_http_mirrors_and_usable_directories_are_taken)
{
    char path[PATH_BYTES];
    options.mirror = "file:///usr/share/datasets/fashion-mnist";
    expect_failure(OAC_EINVAL, "http://", 0);
    options.mirror = NULL;
    oac_test_file_put(oac_test_dir_path(dir, "small", path), "x", 1);
    expect_failure(OAC_EIO, path, 0);
}

Test(fetch, without_a_directory_files_go_to_the_user_cache)
{
    char *where = NULL, expected[PATH_BYTES];
    setenv("XDG_CACHE_HOME", dir, 1);
    options.directory = NULL;
    cr_assert_eq(oac_fetch(&entry, &options, &where, &err), OAC_OK, "%s", err.message);
    cr_assert_str_eq(where, oac_test_dir_path(dir, "oac/data/small", expected));
    free(where);
}

Test(fetch, mnist_itself_comes_through_http_unchanged)
{
    static const char *const names[] = {
        "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz"};
    char shared[OAC_TEST_PATH_BYTES], path[64];
    oac_test_shared_path("mnist/train-images-idx3-ubyte.gz", shared);
    oac_test_need_file(shared, "the MNIST files of the shared data");
    for (size_t i = 0; i < 4; i++) {
        char *data = NULL;
        size_t bytes = 0;
        snprintf(path, sizeof path, "mnist/%s", names[i]);
        oac_test_shared_path(path, shared);
        cr_assert_eq(oac_file_read(shared, 16 << 20, &data, &bytes, &err), OAC_OK);
        oac_http_server_put(first, path, data, bytes);
        free(data);
    }
    char base[160];
    struct oac_dataset *dataset = NULL;
    snprintf(base, sizeof base, "%smnist", oac_http_server_url(first));
    options.mirror = base;
    cr_assert_eq(oac_fetch(oac_catalog_find("mnist"), &options, NULL, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_dataset_open("mnist", "all-train", dir, &dataset, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(dataset->count, 60000);
    oac_dataset_destroy(dataset);
}
