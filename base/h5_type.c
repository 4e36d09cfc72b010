/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/h5_internal.h"

size_t oac_h5_type_bytes(enum oac_h5_type type)
{
    switch (type) {
    case OAC_H5_U8:
        return 1;
    case OAC_H5_U16:
        return 2;
    case OAC_H5_F32:
    case OAC_H5_U32:
        return 4;
    case OAC_H5_F64:
    case OAC_H5_U64:
    case OAC_H5_I64:
        return 8;
    }
    return 0;
}

hid_t oac_h5_memory_type(enum oac_h5_type type)
{
    switch (type) {
    case OAC_H5_F32:
        return H5T_NATIVE_FLOAT;
    case OAC_H5_F64:
        return H5T_NATIVE_DOUBLE;
    case OAC_H5_U8:
        return H5T_NATIVE_UINT8;
    case OAC_H5_U16:
        return H5T_NATIVE_UINT16;
    case OAC_H5_U32:
        return H5T_NATIVE_UINT32;
    case OAC_H5_U64:
        return H5T_NATIVE_UINT64;
    case OAC_H5_I64:
        return H5T_NATIVE_INT64;
    }
    return H5I_INVALID_HID;
}

const char *oac_h5_type_name(enum oac_h5_type type)
{
    static const char *const names[] = {
        [OAC_H5_F32] = "float32", [OAC_H5_F64] = "float64", [OAC_H5_U8] = "uint8",
        [OAC_H5_U16] = "uint16",  [OAC_H5_U32] = "uint32",  [OAC_H5_U64] = "uint64",
        [OAC_H5_I64] = "int64",
    };
    return names[type];
}
