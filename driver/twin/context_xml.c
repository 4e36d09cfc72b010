/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/twin/context_xml.h"

#include <stdio.h>
#include <stdlib.h>

/* What libiio 0.24 validates a context against: its elements and their attributes. */
static const char *const document_type =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><!DOCTYPE context ["
    "<!ELEMENT context (device | context-attribute)*>"
    "<!ELEMENT context-attribute EMPTY>"
    "<!ELEMENT device (channel | attribute | debug-attribute | buffer-attribute)*>"
    "<!ELEMENT channel (scan-element?, attribute*)>"
    "<!ELEMENT attribute EMPTY>"
    "<!ELEMENT scan-element EMPTY>"
    "<!ELEMENT debug-attribute EMPTY>"
    "<!ELEMENT buffer-attribute EMPTY>"
    "<!ATTLIST context name CDATA #REQUIRED version-major CDATA #REQUIRED "
    "version-minor CDATA #REQUIRED version-git CDATA #REQUIRED description CDATA #IMPLIED>"
    "<!ATTLIST context-attribute name CDATA #REQUIRED value CDATA #REQUIRED>"
    "<!ATTLIST device id CDATA #REQUIRED name CDATA #IMPLIED label CDATA #IMPLIED>"
    "<!ATTLIST channel id CDATA #REQUIRED type (input|output) #REQUIRED name CDATA #IMPLIED>"
    "<!ATTLIST scan-element index CDATA #REQUIRED format CDATA #REQUIRED scale CDATA #IMPLIED>"
    "<!ATTLIST attribute name CDATA #REQUIRED filename CDATA #IMPLIED>"
    "<!ATTLIST debug-attribute name CDATA #REQUIRED>"
    "<!ATTLIST buffer-attribute name CDATA #REQUIRED>]>";

static void escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
        }
    }
}

static void pair(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    escaped(out, value);
    fputc('"', out);
}

static void attributes(FILE *out, const char *element, bool files,
                       const struct oac_twin_attributes *list)
{
    for (size_t i = 0; i < list->count; i++) {
        fprintf(out, "<%s", element);
        pair(out, "name", list->attribute[i].name);
        if (files)
            pair(out, "filename", list->attribute[i].filename);
        fputs(" />", out);
    }
}

static void channel(FILE *out, const struct oac_twin_channel *from, size_t index)
{
    const struct oac_codec *codec = &from->codec;
    fputs("<channel", out);
    pair(out, "id", from->id);
    pair(out, "type", from->output ? "output" : "input");
    fputs(" >", out);
    if (from->scan)
        fprintf(out, "<scan-element index=\"%zu\" format=\"%s:%c%u/%u&gt;&gt;%u\" />", index,
                codec->big_endian ? "be" : "le",
                codec->is_signed ? (codec->fully_defined ? 'S' : 's')
                                 : (codec->fully_defined ? 'U' : 'u'),
                codec->bits, codec->storage_bits, codec->shift);
    attributes(out, "attribute", true, &from->attributes);
    fputs("</channel>", out);
}

static void device(FILE *out, const struct oac_twin_device *from)
{
    fputs("<device", out);
    pair(out, "id", from->id);
    pair(out, "name", from->name);
    fputs(" >", out);
    for (size_t c = 0; c < from->channels; c++)
        channel(out, &from->channel[c], c);
    attributes(out, "attribute", false, &from->attributes);
    attributes(out, "buffer-attribute", false, &from->buffer);
    attributes(out, "debug-attribute", false, &from->debug);
    fputs("</device>", out);
}

static void context_attribute(FILE *out, const char *name, const char *value)
{
    fputs("<context-attribute", out);
    pair(out, "name", name);
    pair(out, "value", value);
    fputs(" />", out);
}

enum oac_status oac_twin_context_xml(const struct oac_twin_devices *devices, const char *rig,
                                     const char *name, char **xml, size_t *bytes,
                                     struct oac_err *err)
{
    const struct oac_board *board = devices->board;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return oac_fail(err, OAC_ENOMEM, "no memory for the description of board %s",
                        board->name);
    fputs(document_type, out);
    fputs("<context name=\"network\" version-major=\"0\" version-minor=\"24\" "
          "version-git=\"v0.24\"",
          out);
    pair(out, "description", "virtual bench of oac");
    fputs(" >", out);
    context_attribute(out, "hw_model", board->match[0] ? board->match : board->name);
    context_attribute(out, "hw_serial", "virtual");
    context_attribute(out, "oac,board", board->name);
    context_attribute(out, "oac,rig", rig);
    if (name[0])
        context_attribute(out, "oac,name", name);
    for (size_t d = 0; d < devices->count; d++)
        device(out, &devices->device[d]);
    fputs("</context>", out);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return oac_fail(err, OAC_ENOMEM, "no memory for the description of board %s",
                        board->name);
    }
    *xml = text;
    *bytes = length;
    return OAC_OK;
}
