package license

// placeholder reports whether a normalized value is one that a maker leaves where a real one is missing.
func placeholder(_ Lock, normalized string) bool { return placeholders[normalized] }

// placeholders are normalized values that vendors leave where a real one is missing.
var placeholders = map[string]bool{
	"TOBEFILLEDBYOEM": true, "TOBEFILLEDBYOEMS": true, "TOBEFILLEDINBYOEM": true, "TOBEFILLED": true, "OEM": true, "BYOEM": true,
	"DEFAULT": true, "DEFAULTSTRING": true, "NONE": true, "NA": true, "NULL": true, "NIL": true, "EMPTY": true, "BLANK": true,
	"UNKNOWN": true, "INVALID": true, "UNDEFINED": true, "UNINITIALIZED": true, "UNSPECIFIED": true, "NOTDEFINED": true,
	"NOTSPECIFIED": true, "NOTAPPLICABLE": true, "NOTAVAILABLE": true, "NOTPRESENT": true, "NOTPROVIDED": true, "NOTSET": true,
	"SYSTEMSERIALNUMBER": true, "BASEBOARDSERIALNUMBER": true, "BASESERIALNUMBER": true, "CHASSISSERIALNUMBER": true, "SERIALNUMBER": true,
	"SYSTEMMANUFACTURER": true, "SYSTEMPRODUCTNAME": true, "SYSTEMVERSION": true, "BIOSVERSION": true,
}
