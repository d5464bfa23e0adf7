package dicom

import "slices"

// The attributes that keygan reads (PS3.6).
const (
	tagTransferSyntax Tag = 0x00020010

	tagPatientID  Tag = 0x00100020
	tagModality   Tag = 0x00080060
	tagSeries     Tag = 0x0020000e
	tagInstance   Tag = 0x00200013
	tagPosition   Tag = 0x00200032
	tagDirections Tag = 0x00200037

	tagSamples        Tag = 0x00280002
	tagPhotometric    Tag = 0x00280004
	tagPlanar         Tag = 0x00280006
	tagFrames         Tag = 0x00280008
	tagRows           Tag = 0x00280010
	tagColumns        Tag = 0x00280011
	tagAllocated      Tag = 0x00280100
	tagStored         Tag = 0x00280101
	tagHighBit        Tag = 0x00280102
	tagRepresentation Tag = 0x00280103
	tagCenter         Tag = 0x00281050
	tagWidth          Tag = 0x00281051
	tagIntercept      Tag = 0x00281052
	tagSlope          Tag = 0x00281053
	tagFunction       Tag = 0x00281056
	tagRed            Tag = 0x00281101 // the descriptor of a palette; green and blue follow
	tagRedData        Tag = 0x00281201
	tagSegmented      Tag = 0x00281221

	tagModalityLUT   Tag = 0x00283000
	tagLUTDescriptor Tag = 0x00283002
	tagLUTData       Tag = 0x00283006
	tagVOILUT        Tag = 0x00283010

	// Of pictures with several frames that each have attributes of their own.
	tagShared         Tag = 0x52009229
	tagPerFrame       Tag = 0x52009230
	tagFrameWindow    Tag = 0x00289132
	tagFrameTransform Tag = 0x00289145

	tagFloatPixels    Tag = 0x7fe00008
	tagDoublePixels   Tag = 0x7fe00009
	tagExtendedOffset Tag = 0x7fe00001
	tagPixelData      Tag = 0x7fe00010
)

func isPixels(t Tag) bool { return t == tagPixelData || t == tagFloatPixels || t == tagDoublePixels }

// An Attribute is one that may tell who the patient is, or who treats or examined him, where or when.
type Attribute struct {
	Tag  Tag
	Name string
}

// identifying are the attributes that Identifying looks for: the best known of those that PS3.15, annex E, has removed or replaced.
var identifying = []Attribute{
	{0x00100010, "patient's name"}, {tagPatientID, "patient ID"}, {0x00100030, "patient's birth date"}, {0x00100040, "patient's sex"},
	{0x00101000, "other patient IDs"}, {0x00101001, "other patient names"}, {0x00101010, "patient's age"}, {0x00101040, "patient's address"},
	{0x00102154, "patient's telephone numbers"}, {0x00104000, "patient comments"}, {0x00080050, "accession number"},
	{0x00080020, "study date"}, {0x00080030, "study time"}, {0x00080080, "institution name"}, {0x00080081, "institution address"},
	{0x00080090, "referring physician's name"}, {0x00081010, "station name"}, {0x00081030, "study description"},
	{0x0008103e, "series description"}, {0x00081050, "performing physician's name"}, {0x00081070, "operators' name"},
	{0x00181000, "device serial number"}, {0x0020000d, "study instance UID"}, {0x00200010, "study ID"}, {0x00204000, "image comments"},
}

var sequences = []Tag{tagModalityLUT, tagVOILUT, tagShared, tagPerFrame, tagFrameWindow, tagFrameTransform}

func isSequence(t Tag) bool { return slices.Contains(sequences, t) }

// kept are the elements that a parser keeps. They are few, so that a data set never grows with its file.
var kept = func() map[Tag]bool {
	all := map[Tag]bool{
		tagModality: true, tagSeries: true, tagInstance: true, tagPosition: true, tagDirections: true, tagExtendedOffset: true,
		tagSamples: true, tagPhotometric: true, tagPlanar: true, tagFrames: true, tagRows: true, tagColumns: true, tagAllocated: true,
		tagStored: true, tagHighBit: true, tagRepresentation: true, tagCenter: true, tagWidth: true, tagIntercept: true, tagSlope: true,
		tagFunction: true, tagSegmented: true, tagLUTDescriptor: true, tagLUTData: true,
	}
	for c := range Tag(3) {
		all[tagRed+c], all[tagRedData+c] = true, true
	}
	for _, a := range identifying {
		all[a.Tag] = true
	}
	for _, tag := range sequences {
		all[tag] = true
	}
	return all
}()
