/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/board.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "driver/board_table.h"
#include "tests/support/context_text.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

static struct oac_err err;
static struct oac_board board;

/* Every shipped profile, and the stored context of such a board. */
static const struct {
    const char *name, *context;
    size_t outputs, inputs;
} shipped[] = {
    {"ad3552r", "ad3552r.xml", 2, 0},
    {"ad9081", "ad9081.xml", 4, 4},
    {"daq2", "daq2.xml", 2, 2},
    {"daq3", "daq3.xml", 2, 2},
    {"fmcomms2-3", "fmcomms2-3.xml", 2, 2},
    {"m2k", "m2k.xml", 2, 2},
    {"pluto", "pluto.xml", 1, 1},
    {"qemu-loop", NULL, 4, 7},
};
enum { SHIPPED = sizeof shipped / sizeof shipped[0] };

static void read_shipped(const char *name)
{
    cr_assert_eq(oac_board_read(name, &board, &err), OAC_OK, "%s", err.message);
}

static void count_one(void *context, const char *name, const char *path)
{
    size_t *count = context;
    cr_expect(*count < SHIPPED && strcmp(name, shipped[*count].name) == 0, "%s is not expected",
              path);
    ++*count;
}

Test(board, the_list_is_that_of_the_shipped_profiles_in_order)
{
    size_t count = 0;
    cr_assert_eq(oac_board_list(count_one, &count, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(count, SHIPPED);
}

Test(board, every_shipped_profile_is_read_and_carries_its_files_name)
{
    for (size_t i = 0; i < SHIPPED; i++) {
        size_t outputs = 0;
        read_shipped(shipped[i].name);
        cr_expect_str_eq(board.name, shipped[i].name);
        for (size_t p = 0; p < board.ports; p++)
            outputs += board.port[p].output;
        cr_expect_eq(outputs, shipped[i].outputs, "%s", board.name);
        cr_expect_eq(board.ports - outputs, shipped[i].inputs, "%s", board.name);
        cr_expect(board.safes > 0, "%s has no safe state", board.name);
    }
}

/* The text of a stored context, to be freed. */
static char *stored(const char *context)
{
    char relative[96], path[OAC_TEST_PATH_BYTES], *text;
    size_t bytes;
    snprintf(relative, sizeof relative, "iio-contexts/%s", context);
    oac_test_shared_path(relative, path);
    cr_assert_eq(oac_file_read(path, 1u << 20, &text, &bytes, &err), OAC_OK, "%s", err.message);
    return text;
}

static bool contexts_are_there(void)
{
    char path[OAC_TEST_PATH_BYTES];
    oac_test_shared_path("iio-contexts/m2k.xml", path);
    return oac_test_need_file(path, "stored contexts of real boards");
}

/* One channel of a port against the context: there, and with a format whose upper bits are the profile's. */
static void check_channel(const char *text, const struct oac_board_port *port,
                          const char *channel)
{
    char format[64];
    struct oac_codec real;
    cr_assert(oac_test_context_channel(text, port->device, channel, port->output, format),
              "%s: no %s %s", board.name, port->device, channel);
    cr_assert_eq(oac_codec_parse(format, &real, &err), OAC_OK, "%s", err.message);
    cr_expect(oac_codec_holds(&real, &port->codec), "%s %s: the board says %s", board.name,
              port->name, format);
}

static void check_writes(const char *text, const struct oac_board_write *write, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_expect(oac_test_context_attribute(text, write[i].device, write[i].channel,
                                             write[i].output, write[i].attribute),
                  "%s: no attribute %s %s %s", board.name, write[i].device, write[i].channel,
                  write[i].attribute);
}

Test(board, every_name_and_format_of_a_profile_is_in_the_context_of_a_real_board)
{
    contexts_are_there();
    for (size_t i = 0; i < SHIPPED; i++) {
        if (!shipped[i].context)
            continue;
        char *text = stored(shipped[i].context);
        read_shipped(shipped[i].name);
        if (board.match[0])
            cr_expect(strstr(text, board.match), "%s: no %s", board.name, board.match);
        for (size_t p = 0; p < board.ports; p++) {
            const struct oac_board_port *port = &board.port[p];
            check_channel(text, port, port->channel);
            if (port->iq)
                check_channel(text, port, port->channel_q);
            if (port->rate_attribute[0])
                cr_expect(oac_test_context_attribute(text, port->rate_device,
                                                     port->rate_channel, port->output,
                                                     port->rate_attribute),
                          "%s %s: no rate", board.name, port->name);
        }
        check_writes(text, board.setup, board.setups);
        check_writes(text, board.safe, board.safes);
        free(text);
    }
}

/* Of a device that has tones, all are switched off, before a run and after. */
static size_t tones_off(const struct oac_board_write *write, size_t count, size_t tone,
                        const char *attribute)
{
    char channel[32];
    size_t found = 0;
    snprintf(channel, sizeof channel, "altvoltage%zu", tone);
    for (size_t i = 0; i < count; i++)
        found += strcmp(write[i].channel, channel) == 0 &&
                 strcmp(write[i].attribute, attribute) == 0 && strcmp(write[i].value, "0") == 0;
    return found;
}

Test(board, no_tone_of_a_dds_is_left_on)
{
    static const struct {
        const char *name;
        size_t tones;
    } dds[] = {{"m2k", 4},  {"pluto", 4}, {"fmcomms2-3", 8},
               {"daq2", 8}, {"daq3", 4},  {"ad9081", 16}};
    for (size_t i = 0; i < sizeof dds / sizeof dds[0]; i++) {
        read_shipped(dds[i].name);
        for (size_t tone = 0; tone < dds[i].tones; tone++) {
            cr_expect_eq(tones_off(board.setup, board.setups, tone, "raw"), 1);
            cr_expect_eq(tones_off(board.setup, board.setups, tone, "scale"), 1);
            cr_expect_eq(tones_off(board.safe, board.safes, tone, "raw"), 1);
            cr_expect_eq(tones_off(board.safe, board.safes, tone, "scale"), 1, "%s tone %zu",
                         board.name, tone);
        }
    }
}

Test(board, adalm2000_volts_are_those_of_the_makers_formula)
{
    read_shipped("m2k");
    const struct oac_board_port *dac = oac_board_port_find(&board, "dac-a");
    const struct oac_board_port *adc = oac_board_port_find(&board, "adc-1");
    cr_assert(dac && adc && !oac_board_port_find(&board, "dac-c"));
    for (int raw = -32768; raw < 32768; raw += 2048) {
        double maker_v = -((raw >> 4) + 0.5) * 10.0 / 4095.0;
        cr_expect_float_eq(oac_board_port_volts(dac, (raw >> 4) + 2048), maker_v, 1e-12);
    }
    for (int raw = -2048; raw < 2048; raw += 256) {
        double maker_v = raw * 0.78 / (2048 * 1.3 * 0.21229);
        /* The profile's decimals end at 1e-17 V a code. */
        cr_expect_float_eq(oac_board_port_volts(adc, raw + 2048), maker_v, 1e-12);
    }
    cr_expect_eq(dac->rates, 6);
    cr_expect_eq(dac->rate_gain[1], 1.525879);
}

Test(board, codes_and_volts_are_inverse_within_half_a_code_and_never_beyond_a_limit)
{
    for (size_t i = 0; i < SHIPPED; i++) {
        read_shipped(shipped[i].name);
        for (size_t p = 0; p < board.ports; p++) {
            const struct oac_board_port *port = &board.port[p];
            if (!port->output)
                continue;
            for (int step = 0; step <= 100; step++) {
                double v = port->min_v + (port->max_v - port->min_v) * step / 100.0;
                uint16_t code;
                cr_assert_eq(oac_board_port_code(port, v, &code, &err), OAC_OK, "%s",
                             err.message);
                double got_v = oac_board_port_volts(port, code);
                /* At an end of the range the nearest code is up to one away. */
                double bound = (step == 0 || step == 100 ? 1.01 : 0.501) * fabs(port->lsb_v);
                cr_expect(fabs(got_v - v) <= bound, "%s %s: %g V gives %g V", board.name,
                          port->name, v, got_v);
                cr_expect(got_v <= port->max_v + 1e-12 && got_v >= port->min_v - 1e-12);
            }
        }
    }
}

Test(board, a_voltage_beyond_a_limit_is_refused_with_port_and_limit)
{
    uint16_t code = 77;
    read_shipped("m2k");
    const double wrong[] = {5.01, -5.01, INFINITY, NAN};
    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(oac_board_port_code(&board.port[0], wrong[i], &code, &err), OAC_EINVAL);
        cr_expect(strstr(err.message, "dac-a") && strstr(err.message, "-5 to 5 V"), "%s",
                  err.message);
    }
    cr_expect_eq(code, 77);
}

static const char GOOD[] =
    "name: b\n"
    "ports:\n"
    "- name: out\n"
    "  device: d\n"
    "  channel: voltage0\n"
    "  direction: output\n"
    "  coupling: dc\n"
    "  format: \"le:s12/16>>0\"\n"
    "  v0_v: -1\n"
    "  lsb_v: 5e-4\n"
    "  min_v: -0.5\n"
    "  max_v: 0.5\n"
    "safe: [{device: d, channel: voltage0, attribute: raw, value: \"0\"}]\n";

/* GOOD with `from` replaced by `to`, as a file; its status. */
static enum oac_status read_changed(const char *from, const char *to, struct oac_board *into)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16], text[4096];
    const char *at = strstr(GOOD, from);
    cr_assert(at, "%s is not in the profile", from);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, to, at + strlen(from));
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "b.yaml", path);
    oac_test_file_put(path, text, strlen(text));
    enum oac_status status = oac_board_read(path, into, &err);
    oac_test_dir_remove(dir);
    return status;
}

Test(board, a_profile_of_ones_own_is_read_by_its_path)
{
    cr_assert_eq(read_changed("name: b", "name: mine", &board), OAC_OK, "%s", err.message);
    cr_expect_str_eq(board.name, "mine");
    cr_expect_eq(board.port[0].codec.bits, 12);
    cr_expect(board.port[0].output && !board.port[0].ac_coupled && !board.port[0].iq);
    cr_expect_str_eq(board.safe[0].value, "0");
    cr_expect(board.safe[0].output && !board.safe[0].optional);
}

Test(board, every_wrong_profile_is_one_line_that_names_file_and_key_and_changes_nothing)
{
    static const struct {
        const char *from, *to, *part;
    } wrong[] = {
        {"name: b\n", "name: b\nmatches: x\n",
         "b.yaml:2: unknown key matches; did you mean match"},
        {"name: b\n", "", "name is missing"},
        {"name: b\n", "name: \"\"\n", "name: must not be empty"},
        {"name: b\n", "name: b\nalign_samples: 0\n", "align_samples = 0: expected"},
        {"name: b\n", "name: b\nalign_samples: 1.5\n", "align_samples = 1.5: expected"},
        {"name: b\n", "name: b\nkernel_buffers: 65\n", "kernel_buffers = 65"},
        {"name: b\n", "name: b\ncyclic: perhaps\n", "cyclic = perhaps"},
        {"  device: d\n", "", "ports[0]: device is missing"},
        {"  device: d\n", "  device: \"\"\n", "ports[0].device: must not be empty"},
        {"  device: d\n",
         "  device: ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\n",
         "ports[0].device: 65 bytes; at most 63"},
        {"output", "sideways", "direction = sideways: expected input or output"},
        {"coupling: dc", "coupling: DC", "coupling = DC: expected dc or ac"},
        {"le:s12/16>>0", "le:s12/12>>0", "ports[0] (out).format"},
        {"le:s12/16>>0", "xe:s12/16>>0", "ports[0] (out).format"},
        {"le:s12/16>>0", "le:s20/32>>0", "20 bits; codes have at most 16"},
        {"v0_v: -1", "v0_v: nan", "v0_v = nan"},
        {"v0_v: -1", "v0_v: -1 V", "v0_v = -1 V"},
        {"lsb_v: 5e-4", "lsb_v: 0", "lsb_v: 0 V makes all codes one voltage"},
        {"min_v: -0.5", "min_v: 0.5", "min_v: 0.5 V is not below max_v"},
        {"min_v: -0.5", "min_v: -1.1", "its codes reach only -1 to 1.0475 V"},
        {"max_v: 0.5", "max_v: 1.2", "its codes reach only"},
        {"max_v: 0.5", "max_v: 0.5\n  safe_v: 0.6", "safe_v: 0.6 V is outside"},
        {"max_v: 0.5", "max_v: 0.5\n  channel_q: voltage0",
         "channel_q: voltage0 is its channel"},
        {"max_v: 0.5", "max_v: 0.5\n  rates_hz: [1, 1]", "rates_hz: 1 Hz is named twice"},
        {"max_v: 0.5", "max_v: 0.5\n  rates_hz: [0]", "rates_hz = 0: expected"},
        {"max_v: 0.5", "max_v: 0.5\n  rates_hz: [1, 2]\n  rate_gains: [1]",
         "rate_gains: 1 of them for 2 rates_hz"},
        {"max_v: 0.5", "max_v: 0.5\n  rate_attribute: f", "rates_hz names no rate"},
        {"max_v: 0.5", "max_v: 0.5\n  mixer_attribute: f", "only I and Q are mixed"},
        {"max_v: 0.5", "max_v: 0.5\n  gain_attribute: g", "only inputs have a gain"},
        {"direction: output", "direction: input\n  gain_attribute: g",
         "gain_min: 1 is not below gain_max, 1"},
        {"safe: [{device: d, channel: voltage0, attribute: raw, value: \"0\"}]\n", "",
         "say how to make it safe"},
        {", value: \"0\"", "", "safe[0]: value is missing"},
        {"value: \"0\"", "value: \"\"", "safe[0].value: must not be empty"},
        {"attribute: raw", "attrbute: raw", "did you mean attribute"},
        {"safe: [", "safe: [{device: d, attribute: x, value: \"1\", optional: 2}, ",
         "optional = 2"},
        {"ports:\n",
         "ports:\n- {name: out, device: d, channel: voltage1, direction: output, "
         "coupling: dc, format: \"le:s12/16>>0\", v0_v: -1, lsb_v: 5e-4, min_v: -1, "
         "max_v: 1}\n",
         "ports[1].name: out is that of ports[0]"},
        {"ports:\n",
         "ports:\n- {name: two, device: d, channel: voltage0, direction: output, "
         "coupling: dc, format: \"le:s12/16>>0\", v0_v: -1, lsb_v: 5e-4, min_v: -1, "
         "max_v: 1}\n",
         "ports[1] (out): its channel is that of two"},
        {"ports:\n",
         "ports:\n- {name: two, device: d, channel: voltage1, direction: output, "
         "coupling: dc, format: \"le:s12/16>>0\", v0_v: -1, lsb_v: 5e-4, min_v: -1, "
         "max_v: 1, trigger: t}\n",
         "ports[1] (out).trigger: none, but two of the same device has t"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        static struct oac_board into, before;
        memset(&into, 0x5a, sizeof into);
        before = into;
        cr_expect_neq(read_changed(wrong[i].from, wrong[i].to, &into), OAC_OK, "accepted: %s",
                      wrong[i].to);
        cr_expect(strstr(err.message, wrong[i].part), "\"%s\" does not say \"%s\"", err.message,
                  wrong[i].part);
        cr_expect(strstr(err.message, "/b.yaml:"), "no file in: %s", err.message);
        cr_expect_null(strchr(err.message, '\n'));
        cr_expect_eq(memcmp(&into, &before, sizeof into), 0, "changed by: %s", wrong[i].to);
    }
}

Test(board, an_unknown_name_lists_the_profiles_and_a_missing_file_says_so)
{
    cr_expect_eq(oac_board_read("m3k", &board, &err), OAC_ENOTFOUND);
    cr_expect(strstr(err.message, "m3k") && strstr(err.message, " m2k "), "%s", err.message);
    cr_expect_neq(oac_board_read("./not-there.yaml", &board, &err), OAC_OK);
    cr_expect(strstr(err.message, "not-there.yaml"), "%s", err.message);
    cr_expect_neq(oac_board_read("", &board, &err), OAC_OK);
}

Test(board, a_broken_file_never_does_more_than_fail)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16];
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "b.yaml", path);
    for (size_t length = 0; length + 1 < sizeof GOOD; length++) {
        oac_test_file_put(path, GOOD, length); /* cut anywhere: none of it is a whole profile */
        if (length < sizeof GOOD - 3)
            cr_expect_neq(oac_board_read(path, &board, &err), OAC_OK, "cut at %zu", length);
        char flipped[sizeof GOOD];
        memcpy(flipped, GOOD, sizeof GOOD);
        flipped[length] = (char)(flipped[length] ^ 0x15);
        oac_test_file_put(path, flipped, sizeof GOOD - 1);
        if (oac_board_read(path, &board, &err) != OAC_OK)
            cr_expect_null(strchr(err.message, '\n'), "%s", err.message);
    }
    oac_test_dir_remove(dir);
}

Test(board, the_keys_in_docs_are_those_of_this_program)
{
    char path[4200], *document, *keys = NULL;
    size_t bytes;
    snprintf(path, sizeof path, "%s/docs/boards.md", getenv("OAC_SOURCE_DIR"));
    cr_assert_eq(oac_file_read(path, 1u << 20, &document, &bytes, &err), OAC_OK, "%s",
                 err.message);
    FILE *out = open_memstream(&keys, &bytes);
    cr_assert_eq(oac_board_reference(out, &err), OAC_OK, "%s", err.message);
    fclose(out);
    cr_expect(strstr(document, keys) != NULL, "stale: docs/boards.md should hold\n%s", keys);
    free(keys);
    free(document);
}
