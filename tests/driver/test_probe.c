/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a bench is good for, as far as no bench is needed: parts of ports, and stored contexts' form. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/context_file.h"
#include "driver/roles.h"

static struct oac_err err;
static struct oac_board board;
static struct oac_rig rig;
static struct oac_roles roles;

static void find(const char *name, bool with_rig)
{
    cr_assert_eq(oac_board_read(name, &board, &err), OAC_OK, "%s", err.message);
    oac_roles_find(&board, with_rig ? &rig : NULL, &roles);
}

/* A rig whose every demand an ADALM2000 meets. */
static void make_rig(void)
{
    static const char *const sets[] = {"channels=1",
                                       "slot_rate_hz=25e3",
                                       "weight_dac.bits=12",
                                       "client_dac.bits=12",
                                       "weight_dac.min_v=-5",
                                       "client_dac.min_v=-5",
                                       "weight_dac.full_scale_v=10",
                                       "client_dac.full_scale_v=10",
                                       "adc.bits=12",
                                       "adc.min_v=-2",
                                       "adc.full_scale_v=4"};
    cr_assert_eq(oac_rig_read("ideal", sets, sizeof sets / sizeof sets[0], &rig, NULL, &err),
                 OAC_OK, "%s", err.message);
    rig.receiver.kind = OAC_RECEIVER_TIA;
}

Test(roles, a_dc_coupled_board_plays_every_part_of_one_wavelength)
{
    find("m2k", false);
    for (size_t i = 0; i < board.ports; i++) {
        cr_expect_eq(roles.plays[i][OAC_ROLE_WEIGHT], board.port[i].output);
        cr_expect_eq(roles.plays[i][OAC_ROLE_CLIENT], board.port[i].output);
        cr_expect_eq(roles.plays[i][OAC_ROLE_GATE], board.port[i].output);
        cr_expect_eq(roles.plays[i][OAC_ROLE_READOUT], !board.port[i].output);
        cr_expect_str_empty(roles.note[i]);
    }
    cr_expect_eq(roles.missing, 0);
}

Test(roles, ac_coupled_ports_need_a_subcarrier_and_gate_nothing)
{
    find("fmcomms2-3", false);
    for (size_t i = 0; i < board.ports; i++) {
        cr_expect(strstr(roles.note[i], "subcarrier"), "%s", roles.note[i]);
        cr_expect_not(roles.plays[i][OAC_ROLE_GATE]);
        cr_expect_eq(roles.plays[i][OAC_ROLE_WEIGHT], board.port[i].output);
    }
    cr_expect_eq(roles.missing, 0);
}

Test(roles, what_a_board_lacks_is_said)
{
    find("pluto", false); /* one transmitter: weight or client */
    cr_assert_eq(roles.missing, 1);
    cr_expect(strstr(roles.missing_text[0], "1 more outputs"), "%s", roles.missing_text[0]);
    find("ad3552r", false); /* no inputs */
    cr_assert_eq(roles.missing, 1);
    cr_expect(strstr(roles.missing_text[0], "1 of 1 detectors"), "%s", roles.missing_text[0]);
}

Test(roles, a_rig_that_the_board_meets_leaves_every_part_and_nothing_missing)
{
    make_rig();
    find("m2k", true);
    cr_expect_eq(roles.missing, 0, "%s", roles.missing_text[0]);
    cr_expect(roles.plays[0][OAC_ROLE_WEIGHT] && roles.plays[2][OAC_ROLE_READOUT], "%s",
              roles.note[0]);
}

Test(roles, each_demand_beyond_the_board_is_refused_or_remarked_by_name)
{
    make_rig();
    rig.slot_rate_hz = 80e6; /* between the rates of outputs and inputs */
    find("m2k", true);
    cr_expect_not(roles.plays[0][OAC_ROLE_WEIGHT]);
    cr_expect(strstr(roles.note[0], "at most 7.5e+07 S/s"), "%s", roles.note[0]);
    cr_expect(strstr(roles.note[2], "no rate is a multiple"), "%s", roles.note[2]);
    make_rig();
    rig.weight_dac.full_scale_v = 22;
    find("m2k", true);
    cr_expect(!roles.plays[0][OAC_ROLE_WEIGHT] && roles.plays[0][OAC_ROLE_CLIENT]);
    cr_expect(strstr(roles.note[0], "weight_dac needs -5 to 17 V"), "%s", roles.note[0]);
    make_rig();
    rig.client_dac.bits = 14;
    find("m2k", true);
    cr_expect(roles.plays[0][OAC_ROLE_CLIENT], "fewer bits are a remark");
    cr_expect(strstr(roles.note[0], "12 bits, the rig's client_dac has 14"), "%s",
              roles.note[0]);
    make_rig();
    rig.adc.min_v = -4;
    find("m2k", true);
    cr_expect_not(roles.plays[2][OAC_ROLE_READOUT]);
    make_rig();
    rig.channels = 3;
    rig.receiver.kind = OAC_RECEIVER_INTEGRATOR;
    find("m2k", true);
    cr_assert_eq(roles.missing, 3);
    cr_expect(strstr(roles.missing_text[0], "1 of 3 weight"), "%s", roles.missing_text[0]);
    cr_expect(strstr(roles.missing_text[1], "1 of 3 detectors"), "%s", roles.missing_text[1]);
    cr_expect(strstr(roles.missing_text[2], "gate"), "%s", roles.missing_text[2]);
}

static enum oac_status check(const char *text)
{
    return oac_context_text_check("c.xml", text, strlen(text), &err);
}

Test(context_file, a_context_with_everything_xml_allows_is_accepted)
{
    static const char text[] =
        "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        "<!DOCTYPE context [<!ELEMENT context (device)*><!ELEMENT device EMPTY>]>\n"
        "<!-- a > b -->\n"
        "<context name='local' description=\"a &gt;&gt; b &#xA; c &amp; d > e\">"
        "<device id=\"iio:device0\" ><channel id=\"v\" type=\"input\" /></device >text\n"
        "</context>\n";
    cr_expect_eq(check(text), OAC_OK, "%s", err.message);
    cr_expect_eq(check("<context/>"), OAC_OK, "%s", err.message);
}

Test(context_file, every_broken_context_is_one_line_with_file_line_and_column)
{
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"device: ams|voltage0", "c.xml:1:1: not an IIO context: expected <"},
        {"", "there is no <context>"},
        {"<?xml version=\"1.0\"?>\n", "there is no <context>"},
        {"<contexts/>", "c.xml:1:2: not an IIO context: its first element"},
        {"<context>\n <device>\n</context>", "c.xml:3:3: not an IIO context: closes another"},
        {"<context>\n", "c.xml:1:2: not an IIO context: this element is not closed"},
        {"<context", "the file ends inside this tag"},
        {"<context a=1/>", "a value without quotes"},
        {"<context a/>", "an attribute without a value"},
        {"<context a=\"1/>", "quotes never close"},
        {"<context a=\"<\"/>", "c.xml:1:13: not an IIO context: a < inside a value"},
        {"<context a=\"&x;\"/>", "write &amp;"},
        {"<context a=\"&#;\"/>", "character reference"},
        {"<context/><context/>", "c.xml:1:12: not an IIO context: a second element"},
        {"<context/></context>", "that is not open"},
        {"<context/>x", "c.xml:1:11: not an IIO context: expected <"},
        {"<context><!-- </context>", "<!-- without -->"},
        {"<!DOCTYPE context [ <context/>", "document type without an end"},
        {"<context>< /></context>", "a < that begins no tag"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_eq(check(wrong[i].text), OAC_EPARSE, "accepted: %s", wrong[i].text);
        cr_expect(strstr(err.message, wrong[i].part), "\"%s\" does not say \"%s\"", err.message,
                  wrong[i].part);
    }
}

Test(context_file, no_cut_or_flip_of_a_byte_reads_beyond_the_text)
{
    static const char text[] = "<?xml?><!DOCTYPE context [<!ELEMENT a EMPTY>]><!-- c -->"
                               "<context a=\"&lt;\"><b c='1'/>&#10;<d e=\"\"></d></context>";
    cr_assert_eq(check(text), OAC_OK, "%s", err.message);
    for (size_t length = 0; length < sizeof text - 1; length++) {
        char *cut = malloc(length + 1); /* ASan sees a read behind its end */
        memcpy(cut, text, length);
        cr_expect_eq(oac_context_text_check("c.xml", cut, length, &err), OAC_EPARSE);
        for (size_t at = 0; at < length; at++) {
            cut[at] = (char)(cut[at] ^ 0x1d);
            (void)!oac_context_text_check("c.xml", cut, length, &err);
            cut[at] = text[at];
        }
        free(cut);
    }
}
