/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "driver/iio/session.h"
#include "tests/driver/iio_fixture.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

Test(iio_session, refusals_of_a_server_that_is_in_step_do_not_cost_the_connection)
{
    static const int clean[] = {EINVAL, ENOENT, ENXIO, ENODEV, ENOSYS, EPERM, EACCES};
    for (size_t i = 0; i < sizeof clean / sizeof clean[0]; i++) {
        cr_expect_eq(oac_iio_answer_of(-clean[i], false), OAC_IIO_FATAL, "%d", clean[i]);
        cr_expect_eq(oac_iio_answer_of(-clean[i], true), OAC_IIO_FATAL, "%d", clean[i]);
    }
    cr_expect_eq(oac_iio_answer_of(-EBUSY, false), OAC_IIO_RETRY);
}

Test(iio_session, after_a_timeout_attributes_need_a_new_connection_and_samples_a_new_buffer)
{
    static const int unclean[] = {EPIPE, ETIMEDOUT, EIO, EBADF, EPROTO};
    for (size_t i = 0; i < sizeof unclean / sizeof unclean[0]; i++) {
        cr_expect_eq(oac_iio_answer_of(-unclean[i], false), OAC_IIO_REOPEN_CONTEXT);
        cr_expect_eq(oac_iio_answer_of(-unclean[i], true), OAC_IIO_REOPEN_BUFFER);
    }
    cr_expect_eq(oac_iio_answer_of(-ECONNRESET, true), OAC_IIO_REOPEN_CONTEXT);
}

Test(iio_session, what_is_no_uri_is_told_from_what_does_not_answer)
{
    struct oac_iio_session *session = NULL;
    struct oac_err err;
    cr_expect_eq(oac_iio_open("192.168.2.1", 0, &session, &err), OAC_EUSAGE);
    cr_expect(strstr(err.message, "ip:HOST"), "%s", err.message);
    cr_expect_eq(oac_iio_open("ip:127.0.0.1:1", 0, &session, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "127.0.0.1:1") && strstr(err.message, "iiod"), "%s",
              err.message);
    cr_expect_null(session);
}

Test(iio_session, a_description_that_is_no_xml_is_a_clear_error)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 20], uri[OAC_TEST_DIR_BYTES + 30];
    static const char cut[] =
        "<?xml version=\"1.0\"?><context name=\"xml\"><device id=\"iio:de";
    struct oac_iio_session *session = NULL;
    struct oac_err err;
    oac_test_dir_make(dir);
    oac_test_file_put(oac_test_dir_path(dir, "cut.xml", path), cut, sizeof cut - 1);
    snprintf(uri, sizeof uri, "xml:%s", path);
    cr_expect_eq(oac_iio_open(uri, 0, &session, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "cut.xml") && strstr(err.message, "well-formed"), "%s",
              err.message);
    oac_test_dir_remove(dir);
}

struct tally {
    size_t channels, scans, codecs;
};

static void tally(void *context, const struct oac_iio_channel_info *info)
{
    struct tally *t = context;
    cr_expect(info->device && info->device[0] && info->device_id && info->channel);
    t->channels++;
    t->scans += info->scannable;
    t->codecs += info->codec.bits > 0;
    cr_expect(!info->codec.bits || info->scannable);
    cr_expect_eq(info->index >= 0, info->scannable);
}

Test(iio_session, every_real_context_lists_its_channels_and_formats)
{
    char folder[OAC_TEST_PATH_BYTES], uri[2 * OAC_TEST_PATH_BYTES];
    struct tally all = {0};
    size_t contexts = 0;
    struct oac_err err;
    oac_test_shared_path("iio-contexts", folder);
    if (!oac_test_need_file(folder, "descriptions of real boards"))
        return;
    DIR *dir = opendir(folder);
    cr_assert_not_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct oac_iio_session *session = NULL;
        const size_t length = strlen(entry->d_name);
        if (length < 4 || strcmp(entry->d_name + length - 4, ".xml") != 0)
            continue;
        snprintf(uri, sizeof uri, "xml:%s/%s", folder, entry->d_name);
        if (oac_iio_open(uri, 0, &session,
                         &err)) { /* one is broken as its authors shipped it */
            cr_expect(strstr(err.message, entry->d_name), "%s", err.message);
            continue;
        }
        cr_expect_eq(oac_iio_channels(session, tally, &all, &err), OAC_OK, "%s", err.message);
        contexts++;
        oac_iio_close(session);
    }
    closedir(dir);
    cr_expect_geq(contexts, 10);
    cr_expect_geq(all.scans, 70); /* format="..." occurs 82 times in the files */
    cr_expect(all.codecs > 70 && all.codecs <= all.scans && all.scans < all.channels);
}

Test(iio_session, a_description_has_no_attributes_to_read)
{
    char path[OAC_TEST_PATH_BYTES], uri[OAC_TEST_PATH_BYTES + 10], value[40];
    struct oac_iio_session *session = NULL;
    struct oac_err err;
    oac_test_shared_path("iio-contexts/m2k.xml", path);
    if (!oac_test_need_file(path, "a real ADALM2000"))
        return;
    snprintf(uri, sizeof uri, "xml:%s", path);
    cr_assert_eq(oac_iio_open(uri, 0, &session, &err), OAC_OK, "%s", err.message);
    cr_expect_str_eq(oac_iio_context_attribute(session, "fw_version"), "v0.26");
    cr_expect(oac_iio_has(session, "m2k-dac-a", "voltage0", true, ""));
    cr_expect(!oac_iio_has(session, "m2k-dac-a", "voltage0", false, ""));
    cr_expect(oac_iio_has(session, "m2k-dac-a", "", true, "dma_sync"));
    cr_expect_eq(oac_iio_read(session, "m2k-adc", "", false, "sampling_frequency", value,
                              sizeof value, &err),
                 OAC_EDEVICE);
    cr_expect(strstr(err.message, "no hardware behind it"), "%s", err.message);
    cr_expect_eq(oac_iio_read(session, "m2k-xyz", "", false, "a", value, sizeof value, &err),
                 OAC_ENOTFOUND);
    cr_expect(strstr(err.message, "m2k-adc"), "%s", err.message);
    oac_iio_close(session);
}

static struct iio_fixture bench;

static struct oac_iio_session *opened(const char *fault, unsigned timeout_ms)
{
    struct oac_iio_session *session = NULL;
    struct oac_err err;
    const char *wrong = iio_fixture_open(&bench, 0, fault, &err);
    cr_assert_null(wrong, "%s", wrong);
    cr_assert_eq(oac_iio_open(bench.uri, timeout_ms, &session, &err), OAC_OK, "%s",
                 err.message);
    return session;
}

static void shut(struct oac_iio_session *session)
{
    oac_iio_close(session);
    iio_fixture_kill(&bench);
}

Test(iio_session, a_write_is_read_back)
{
    struct oac_iio_session *session = opened(NULL, 0);
    struct oac_err err;
    char value[40] = "";
    cr_expect_eq(oac_iio_write(session, "m2k-adc", "", false, "oversampling_ratio", "4", value,
                               sizeof value, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_str_eq(value, "4");
    /* a rate that the board does not have: the answer is what it does, not what was asked */
    cr_expect_eq(oac_iio_write(session, "m2k-dac-a", "", true, "sampling_frequency", "123456",
                               value, sizeof value, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_str_eq(value, "750000");
    shut(session);
}

Test(iio_session, a_refused_value_is_an_error_and_the_connection_goes_on)
{
    struct oac_iio_session *session = opened(NULL, 0);
    struct oac_err err;
    char value[40] = "";
    cr_expect_eq(oac_iio_write(session, "m2k-adc", "", false, "oversampling_ratio", "many",
                               value, sizeof value, &err),
                 OAC_EDEVICE);
    cr_expect(strstr(err.message, "m2k-adc") && strstr(err.message, "refuses"), "%s",
              err.message);
    cr_expect_eq(oac_iio_read(session, "m2k-dac-b", "", true, "sampling_frequency", value,
                              sizeof value, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_str_eq(value, "750000");
    shut(session);
}

/* libiio returns -EPIPE at a timeout, and the next read gets the previous answer (its pull request 589). */
Test(iio_session, an_answer_that_comes_too_late_is_never_taken_for_the_next_one)
{
    struct oac_iio_session *session = opened("delay:3:900", 300);
    struct oac_err err;
    char value[40];
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(oac_iio_read(session, "m2k-adc", "", false, "oversampling_ratio", value,
                                  sizeof value, &err),
                     OAC_OK, "%s", err.message);
        cr_expect_str_eq(value, "1");
        cr_assert_eq(oac_iio_read(session, "m2k-dac-a", "", true, "sampling_frequency", value,
                                  sizeof value, &err),
                     OAC_OK, "%s", err.message);
        cr_expect_str_eq(value, "750000");
    }
    shut(session);
}

Test(iio_session, a_dead_server_is_an_error_and_no_signal)
{
    struct oac_iio_session *session = opened(NULL, 500);
    struct oac_err err;
    char value[40];
    sigset_t pending;
    iio_fixture_kill(&bench);
    const double before_s = iio_fixture_now_s();
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(oac_iio_write(session, "m2k-adc", "", false, "oversampling_ratio", "2",
                                   value, sizeof value, &err),
                     OAC_EDEVICE);
        cr_expect(strstr(err.message, bench.uri), "%s", err.message);
    }
    cr_expect_lt(iio_fixture_now_s() - before_s, 10.0);
    sigpending(&pending);
    cr_expect(!sigismember(&pending, SIGPIPE));
    oac_iio_close(session);
}

Test(iio_session, a_server_that_came_back_is_used_again)
{
    struct oac_iio_session *session = opened(NULL, 500);
    struct oac_err err;
    char value[40] = "", address[120];
    snprintf(address, sizeof address, "%.110s", bench.uri + 3);
    iio_fixture_kill(&bench);
    const char *wrong = iio_fixture_start(&bench, address, &err);
    cr_assert_null(wrong, "%s", wrong);
    cr_expect_eq(oac_iio_read(session, "m2k-adc", "", false, "oversampling_ratio", value,
                              sizeof value, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_str_eq(value, "1");
    shut(session);
}

Test(iio_session, a_profile_is_set_up_and_made_safe)
{
    struct oac_iio_session *session = opened(NULL, 0);
    struct oac_err err;
    char value[40] = "";
    cr_expect_eq(oac_iio_setup(session, &bench.board, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_iio_safe(session, &bench.board, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_iio_read(session, "m2k-fabric", "voltage0", true, "powerdown", value,
                              sizeof value, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_str_eq(value, "1");
    shut(session);
}

Test(iio_session, safe_tries_every_write_and_reports_the_first_failure)
{
    struct oac_iio_session *session = opened(NULL, 0);
    struct oac_err err;
    char value[40] = "";
    strcpy(bench.board.safe[0].attribute, "nosuch");
    cr_expect_eq(oac_iio_safe(session, &bench.board, &err), OAC_ENOTFOUND);
    cr_expect(strstr(err.message, "nosuch"), "%s", err.message);
    cr_expect_eq(oac_iio_read(session, "m2k-fabric", "voltage1", true, "powerdown", value,
                              sizeof value, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_str_eq(value, "1");
    shut(session);
}
#else
typedef int oac_no_libiio;
#endif
