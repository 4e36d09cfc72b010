/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a driver must survive (docs/boards.md), items 6, 7, 9 and 14: samples that lie elsewhere than agreed, do
 * not fit, come in other lengths or other formats. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "driver/iio/buffer.h"
#include "tests/driver/iio_process.h"
#include "tests/support/need.h"

static struct iio_process bench;
static struct iio_held before;
static struct oac_iio_session *session;
static const char *const channels[] = {"voltage0", "voltage1"};

static struct oac_iio_session *connected(void)
{
    struct oac_iio_session *made = NULL;
    struct oac_err err;
    cr_assert_eq(oac_iio_open(bench.uri, 2000, &made, &err), OAC_OK, "%s", err.message);
    return made;
}

static void start(const char *fault)
{
    cr_assert(iio_process_start(&bench, 0, fault));
    before = iio_held_now();
    session = connected();
}

static void stop(void)
{
    oac_iio_close(session);
    cr_expect(iio_held_again(&before), "descriptors or threads are left");
    iio_process_signal(&bench, SIGKILL);
}

static struct oac_iio_buffer *opened(struct oac_iio_session *on, size_t count, size_t samples)
{
    const struct oac_iio_buffer_spec spec = {.device = "m2k-adc",
                                             .channels = count,
                                             .channel = channels,
                                             .samples = samples,
                                             .deadline_s = 5.0};
    struct oac_iio_buffer *buffer = NULL;
    enum oac_iio_mode mode;
    struct oac_err err;
    cr_assert_eq(oac_iio_buffer_open(on, &spec, &buffer, &mode, &err), OAC_OK, "%s",
                 err.message);
    return buffer;
}

/* The next refill is refused as somebody else's layout, and a buffer opened anew is whole again. */
static void refused_then_renewed(struct oac_iio_buffer *buffer, const char *what)
{
    struct oac_iio_view view;
    struct oac_err err;
    cr_expect_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "m2k-adc") && strstr(err.message, what) &&
                  strstr(err.message, "another program") && strstr(err.message, "close it"),
              "%s", err.message);
    cr_expect_eq(oac_iio_buffer_answer(buffer), OAC_IIO_REOPEN_BUFFER);
    oac_iio_buffer_close(buffer);
}

Test(iio_survives, item_06_a_second_client_that_widens_the_layout_is_noticed, .timeout = 60)
{
    struct oac_iio_view view;
    struct oac_err err;
    start(NULL);
    struct oac_iio_buffer *buffer = opened(session, 1, 1024);
    cr_assert_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_OK, "%s", err.message);
    struct oac_iio_session *second = connected(); /* as another program would */
    struct oac_iio_buffer *wide = opened(second, 2, 1024);
    refused_then_renewed(buffer, "4 bytes wide, from 2");
    oac_iio_buffer_close(wide);
    oac_iio_close(second);
    buffer = opened(session, 1, 1024);
    cr_expect_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(view.step, 2);
    oac_iio_buffer_close(buffer);
    stop();
}

Test(iio_survives, item_06_other_channels_of_the_same_width_are_noticed, .timeout = 60)
{
    struct oac_iio_view view;
    struct oac_err err;
    start("mask:2");
    struct oac_iio_buffer *buffer = opened(session, 1, 1024);
    cr_assert_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_OK, "%s", err.message);
    refused_then_renewed(buffer, "other channels");
    buffer = opened(session, 1, 1024);
    cr_expect_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_OK, "%s", err.message);
    oac_iio_buffer_close(buffer);
    stop();
}

Test(iio_survives, item_06_a_server_that_brings_more_than_asked_is_noticed_at_once,
     .timeout = 60)
{
    start("wider:1");
    refused_then_renewed(opened(session, 1, 1024), "4 bytes wide, from 2");
    stop();
}

Test(iio_survives, item_07_what_does_not_fit_saturates_and_is_counted)
{
    const struct oac_codec codec = {
        .bits = 12, .storage_bits = 16, .shift = 4, .is_signed = true};
    const uint16_t code[] = {0, 4095, 4096, 65535};
    uint16_t native[4] = {0};
    int32_t back[4];
    cr_expect_eq(oac_codec_encode(&codec, 4, code, native, 2), 2, "two above the range");
    cr_expect_eq(oac_codec_decode(&codec, 4, native, 2, back), 4, "all at an end of it");
    cr_expect_eq(back[0], 0);
    for (int i = 1; i < 4; i++) /* iio_channel_convert_inverse would wrap 4096 to 0 */
        cr_expect_eq(back[i], 4095);
}

Test(iio_survives, item_09_every_buffer_is_a_multiple_of_length_align_bytes, .timeout = 120)
{
    static const size_t lengths[] = {1, 3, 16, 1023, 1025, 4099};
    struct oac_iio_view view;
    struct oac_err err;
    char text[20] = "";
    start(NULL);
    cr_assert_eq(oac_iio_read(session, "m2k-adc", "", false, "length_align_bytes", text,
                              sizeof text, &err),
                 OAC_OK, "%s", err.message);
    const size_t align = (size_t)atoi(text);
    cr_assert_eq(align, 8);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (size_t count = 1; count <= 2; count++) {
            struct oac_iio_buffer *buffer = opened(session, count, lengths[i]);
            cr_assert_eq(oac_iio_buffer_refill(buffer, &view, &err), OAC_OK, "%s", err.message);
            cr_expect_eq(view.samples * view.step % align, 0, "%zu samples of %zu channels",
                         view.samples, count);
            cr_expect(view.samples >= lengths[i] &&
                      view.samples * view.step < lengths[i] * view.step + align);
            oac_iio_buffer_close(buffer);
        }
    stop();
}

struct formats {
    size_t count, wrong;
};

/* A ramp over the whole range goes out and comes back the same; where codes have more bits than a uint16_t, over
 * what it holds. */
static bool comes_back(const struct oac_codec *codec)
{
    enum { COUNT = 4096 };
    static uint16_t code[COUNT];
    static uint32_t native[COUNT];
    static int32_t back[COUNT];
    const unsigned bits = codec->bits < 16 ? codec->bits : 16;
    for (uint32_t i = 0; i < COUNT; i++)
        code[i] = (uint16_t)((uint64_t)i * ((1u << bits) - 1) / (COUNT - 1));
    memset(native, 0, sizeof native);
    (void)oac_codec_encode(codec, COUNT, code, native, 4);
    (void)oac_codec_decode(codec, COUNT, native, 4, back);
    for (uint32_t i = 0; i < COUNT; i++)
        if (back[i] != (int32_t)code[i])
            return false;
    return true;
}

static void look(void *context, const struct oac_iio_channel_info *info)
{
    struct formats *formats = context;
    if (info->codec.bits == 0) /* timestamps, and what is no scan element */
        return;
    formats->count++;
    if (comes_back(&info->codec))
        return;
    formats->wrong++;
    cr_log_error("%s/%s: %u bits in %u", info->device, info->channel, info->codec.bits,
                 info->codec.storage_bits);
}

Test(iio_survives, item_14_every_format_of_every_real_context_is_written_and_read_back)
{
    char folder[OAC_TEST_PATH_BYTES], uri[2 * OAC_TEST_PATH_BYTES];
    static struct formats formats;
    struct oac_err err;
    oac_test_shared_path("iio-contexts", folder);
    if (!oac_test_need_file(folder, "descriptions of real boards"))
        return;
    DIR *dir = opendir(folder);
    cr_assert_not_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct oac_iio_session *described = NULL;
        if (!strstr(entry->d_name, ".xml"))
            continue;
        snprintf(uri, sizeof uri, "xml:%s/%s", folder, entry->d_name);
        if (oac_iio_open(uri, 0, &described,
                         &err)) /* one is broken as its authors shipped it */
            continue;
        cr_expect_eq(oac_iio_channels(described, look, &formats, &err), OAC_OK, "%s",
                     err.message);
        oac_iio_close(described);
    }
    closedir(dir);
    cr_expect_geq(formats.count, 70); /* format="..." occurs 82 times in the files */
    cr_expect_eq(formats.wrong, 0);
}
#else
typedef int oac_no_libiio;
#endif
