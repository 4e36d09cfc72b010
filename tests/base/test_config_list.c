/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of like objects, and lists of numbers, in documents of base/config.h. */
#include "base/config.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct port {
    char name[OAC_CONFIG_TEXT_BYTES];
    double gain;
    struct oac_config_reals rates_hz;
};
struct board {
    char name[OAC_CONFIG_TEXT_BYTES];
    struct oac_config_reals taps;
    size_t ports, notes;
    struct port port[3], note[2];
};

#define OFFSET(type, field) offsetof(struct type, field)
static const struct oac_config_key port_keys[] = {
    {"name", OAC_CONFIG_TEXT, OFFSET(port, name), "", 0, 0, NULL, NAN, NULL, "A name."},
    {"analog.gain", OAC_CONFIG_REAL, OFFSET(port, gain), "dB", -10, 10, "1", NAN, NULL,
     "Gain."},
    {"rates_hz", OAC_CONFIG_REALS, OFFSET(port, rates_hz), "Hz", 1, 1e9, "", NAN, NULL,
     "Rates."},
};
static const struct oac_config_table port_table = {"port", port_keys, 3};
static const struct oac_config_key keys[] = {
    {"name", OAC_CONFIG_TEXT, OFFSET(board, name), "", 0, 0, NULL, NAN, NULL, "A name."},
    {"taps", OAC_CONFIG_REALS, OFFSET(board, taps), "", -1, 1, "0.5,-0.25", NAN, NULL, "Taps."},
};
static const struct oac_config_table table = {"board", keys, 2};
static const struct oac_config_list lists[] = {
    {"ports", &port_table, OFFSET(board, port), sizeof(struct port), OFFSET(board, ports), 1, 3,
     "Ports."},
    {"notes", &port_table, OFFSET(board, note), sizeof(struct port), OFFSET(board, notes), 0, 2,
     "Notes."},
};

static struct oac_err err;

static enum oac_status parse(const char *text, struct board *board)
{
    return oac_config_parse_lists(&table, lists, 2, "b.yaml", text, strlen(text), board,
                                  sizeof *board, &err);
}

Test(config_list, elements_are_filled_over_their_own_defaults_and_counted)
{
    struct board board = {.notes = 77};
    cr_assert_eq(parse("name: m2k\n"
                       "ports:\n"
                       "  - {name: dac-a, analog: {gain: -2.5}, rates_hz: [75e6, 7.5e6]}\n"
                       "  - name: dac-b\n"
                       "    rates_hz: 1e6\n"
                       "taps: []\n",
                       &board),
                 OAC_OK, "%s", err.message);
    cr_expect_eq(board.ports, 2);
    cr_expect_eq(board.notes, 0, "a list that is not given is empty");
    cr_expect_str_eq(board.port[0].name, "dac-a");
    cr_expect_eq(board.port[0].gain, -2.5);
    cr_expect_eq(board.port[0].rates_hz.count, 2);
    cr_expect_eq(board.port[0].rates_hz.value[1], 7.5e6);
    cr_expect_str_eq(board.port[1].name, "dac-b");
    cr_expect_eq(board.port[1].gain, 1);
    cr_expect_eq(board.port[1].rates_hz.count, 1);
    cr_expect_eq(board.taps.count, 0, "the list given replaces the default");
}

Test(config_list, keys_after_a_list_belong_to_the_document_again)
{
    struct board board = {.ports = 0};
    cr_assert_eq(parse("ports: [{name: a}]\nname: x\nnotes: []\n", &board), OAC_OK, "%s",
                 err.message);
    cr_expect_str_eq(board.name, "x");
    cr_expect_str_eq(board.port[0].name, "a");
    cr_expect_eq(board.taps.count, 2, "its default");
    cr_expect_eq(board.taps.value[1], -0.25);
}

Test(config_list, every_wrong_list_is_refused_with_line_and_element_and_changes_nothing)
{
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"name: x\n", "ports has 0 elements"},
        {"name: x\nports: []\n", "ports has 0 elements"},
        {"name: x\nports: 3\n", "b.yaml:2: ports: expected a list"},
        {"name: x\nports: {a: 1}\n", "b.yaml:2: ports: expected a list"},
        {"name: x\nports: [3]\n", "b.yaml:2: ports[0]: expected keys with values"},
        {"name: x\nports: [[]]\n", "b.yaml:2: ports[0]: expected keys with values"},
        {"name: x\nports:\n- name: a\n- {}\n", "b.yaml:4: ports[1]: name is missing"},
        {"name: x\nports:\n- name: a\n- nam: b\n", "b.yaml:4: ports[1]: unknown key nam"},
        {"name: x\nports:\n- name: a\n- nam: b\n", "did you mean name?"},
        {"name: x\nports: [{name: a, analog: {gain: 11}}]\n", "analog.gain = 11: expected"},
        {"name: x\nports: [{name: a, name: b}]\n", "name is given twice"},
        {"name: x\nports: [{name: a}]\nports: [{name: b}]\n", "ports is given twice"},
        {"name: x\nports: [{name: a},{name: b},{name: c},{name: d}]\n", "at most 3"},
        {"name: x\nports: [{name: a, ports: []}]\n", "ports[0]: unknown key ports"},
        {"name: x\nports: [&p {name: a}]\n", "anchors"},
        {"name: x\nports: [{name: a}\n", "not valid YAML"},
        {"name: x\nports: [{name: a}]\ntaps: [0, 2]\n", "taps = 0,2: expected a list"},
        {"name: x\nports: [{name: a}]\ntaps: [\"0\"]\n", "plain numbers"},
        {"name: x\nports: [{name: a}]\ntaps: [nan]\n", "taps = nan"},
        {"name: x\nports: [{name: a}]\ntaps:\n- 0,0\n", "plain numbers"},
        {"name: x\nports: [{name: a}]\ntaps: [[0]]\n", "plain numbers"},
        {"name: x\nports: [{name: a}]\ntaps: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]\n",
         "at most 16"},
        {"name: [x]\nports: [{name: a}]\n", "is a list; expected one value"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct board board, before;
        memset(&board, 0x5a, sizeof board);
        before = board;
        cr_expect_neq(parse(wrong[i].text, &board), OAC_OK, "accepted: %s", wrong[i].text);
        cr_expect(strstr(err.message, wrong[i].part), "\"%s\" does not say \"%s\"", err.message,
                  wrong[i].part);
        cr_expect(strncmp(err.message, "b.yaml:", 7) == 0, "%s", err.message);
        cr_expect_eq(memcmp(&board, &before, sizeof board), 0, "changed by: %s", wrong[i].text);
    }
}

Test(config_list, a_list_outside_its_object_is_a_bug_and_not_a_crash)
{
    struct oac_config_list outside[1] = {lists[0]};
    struct board board = {.ports = 0};
    static const char text[] = "name: x\nports: [{name: a}]\n";
    outside[0].max = 300;
    cr_expect_eq(oac_config_parse_lists(&table, outside, 1, "b.yaml", text, strlen(text),
                                        &board, sizeof board, &err),
                 OAC_EINTERNAL);
    outside[0] = lists[0];
    outside[0].stride = 8;
    outside[0].max = 1;
    cr_expect_eq(oac_config_parse_lists(&table, outside, 1, "b.yaml", text, strlen(text),
                                        &board, sizeof board, &err),
                 OAC_EINTERNAL);
}

Test(config_list, numbers_are_written_as_they_are_read)
{
    struct board board = {.ports = 0}, again = {.ports = 0};
    cr_assert_eq(parse("name: x\nports: [{name: a}]\ntaps: [0.1, -1, 1e-3]\n", &board), OAC_OK);
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    cr_assert_eq(oac_config_write(&table, &board, 0, out, &err), OAC_OK, "%s", err.message);
    fclose(out);
    cr_expect(strstr(text, "taps: [0.1, -1, 0.001]\n"), "%s", text);
    cr_assert_eq(oac_config_parse(&table, "w.yaml", text, bytes, &again, sizeof again, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_eq(memcmp(&again.taps, &board.taps, sizeof again.taps), 0);
    cr_assert_eq(oac_config_set(&table, "taps=1,0.5", &again, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(again.taps.count, 2);
    cr_expect_neq(oac_config_set(&table, "taps=1,", &again, &err), OAC_OK);
    free(text);
}
