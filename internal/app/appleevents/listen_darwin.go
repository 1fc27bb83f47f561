package appleevents

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego/objc"
)

// Selectors and codes of Foundation.
var (
	selAddObserver    = objc.RegisterName("addObserver:selector:name:object:")
	selAbsoluteString = objc.RegisterName("absoluteString")
	selCoerce         = objc.RegisterName("coerceToDescriptorType:")
	selData           = objc.RegisterName("data")
	selDataUsing      = objc.RegisterName("dataUsingEncoding:")
	selDefaultCenter  = objc.RegisterName("defaultCenter")
	selDescriptorAt   = objc.RegisterName("descriptorAtIndex:")
	selDescriptorType = objc.RegisterName("descriptorType")
	selFilePathURL    = objc.RegisterName("filePathURL")
	selFileURLValue   = objc.RegisterName("fileURLValue")
	selGetBytes       = objc.RegisterName("getBytes:length:")
	selLength         = objc.RegisterName("length")
	selNew            = objc.RegisterName("new")
	selNumberOfItems  = objc.RegisterName("numberOfItems")
	selParameter      = objc.RegisterName("paramDescriptorForKeyword:")
	selRelease        = objc.RegisterName("release")
	selSetHandler     = objc.RegisterName("setEventHandler:andSelector:forEventClass:andEventID:")
	selSharedManager  = objc.RegisterName("sharedAppleEventManager")
	selString         = objc.RegisterName("stringWithUTF8String:")

	selWillFinish    = objc.RegisterName("acenWillFinishLaunching:")
	selOpenLinks     = objc.RegisterName("acenOpenLinks:withReply:")
	selOpenDocuments = objc.RegisterName("acenOpenDocuments:withReply:")

	classInternet   = codeOf("GURL") // kInternetEventClass
	eventGetURL     = codeOf("GURL") // kAEGetURL
	classCore       = codeOf("aevt") // kCoreEventClass
	eventDocuments  = codeOf("odoc") // kAEOpenDocuments
	keyDirectObject = codeOf("----") // keyDirectObject
	typeList        = codeOf("list") // typeAEList
)

const encodingUTF8 uint = 4 // NSUTF8StringEncoding

// Listen calls receive for every event that asks the app to open something, beginning with the event with which the
// app is launched. It must be called once, on the main thread, and before the toolkit creates its first window: that
// runs AppKit's launch, in which macOS sends the first event.
//
// AppKit calls receive on the main thread, while the toolkit waits for events. It must not block.
func Listen(receive func(Event)) error {
	handler := func(kind Kind) func(_ objc.ID, _ objc.SEL, event, reply objc.ID) {
		return func(_ objc.ID, _ objc.SEL, event, _ objc.ID) {
			receive(Event{Kind: kind, Items: items(kind, event)})
		}
	}
	class, err := objc.RegisterClass("ACENEventHandler", objc.GetClass("NSObject"), nil, nil, []objc.MethodDef{
		{Cmd: selWillFinish, Fn: register},
		{Cmd: selOpenLinks, Fn: handler(Links)},
		{Cmd: selOpenDocuments, Fn: handler(Documents)},
	})
	if err != nil {
		return fmt.Errorf("receive Apple Events: %w", err)
	}
	pool := objc.ID(objc.GetClass("NSAutoreleasePool")).Send(selNew)
	defer pool.Send(selRelease)
	self := objc.ID(class).Send(selNew) // lives as long as the program
	name := objc.ID(objc.GetClass("NSString")).Send(selString, "NSApplicationWillFinishLaunchingNotification")
	center := objc.ID(objc.GetClass("NSNotificationCenter")).Send(selDefaultCenter)
	center.Send(selAddObserver, self, selWillFinish, name, objc.ID(0))
	return nil
}

// register replaces AppKit's handlers. AppKit installs its own while it launches, before it posts the notification
// that calls register. It would replace a handler that was installed earlier, and its own opens nothing here.
func register(self objc.ID, _ objc.SEL, _ objc.ID) {
	manager := objc.ID(objc.GetClass("NSAppleEventManager")).Send(selSharedManager)
	manager.Send(selSetHandler, self, selOpenLinks, classInternet, eventGetURL)
	manager.Send(selSetHandler, self, selOpenDocuments, classCore, eventDocuments)
}

// items returns the items of the direct object of an event, at most one more than MaxItems.
func items(kind Kind, event objc.ID) (items []Item) {
	direct := event.Send(selParameter, keyDirectObject)
	if direct == 0 {
		return nil
	}
	list := direct.Send(selCoerce, typeList) // a single item becomes a list of one
	if list == 0 {
		return []Item{item(kind, direct)}
	}
	count := min(objc.Send[int](list, selNumberOfItems), MaxItems+1)
	for i := range count {
		items = append(items, item(kind, list.Send(selDescriptorAt, i+1)))
	}
	return items
}

// item converts a descriptor into the type that Event.Arguments reads. If macOS cannot convert it, such as a bookmark
// of a deleted file, the item has the type of the descriptor and no data. A message to nil returns nil.
func item(kind Kind, descriptor objc.ID) Item {
	if kind == Links {
		if data := descriptor.Send(selCoerce, typeText).Send(selData); data != 0 {
			return Item{Type: typeText, Data: bytesOf(data)}
		}
	} else {
		// fileURLValue resolves bookmarks and aliases, filePathURL file reference URLs, which are no paths.
		url := descriptor.Send(selFileURLValue).Send(selFilePathURL)
		if data := url.Send(selAbsoluteString).Send(selDataUsing, encodingUTF8); data != 0 {
			return Item{Type: typeFileURL, Data: bytesOf(data)}
		}
	}
	return Item{Type: Code(objc.Send[uint32](descriptor, selDescriptorType))}
}

// bytesOf copies at most one byte more than MaxLength of an NSData.
func bytesOf(data objc.ID) []byte {
	length := min(objc.Send[uint](data, selLength), MaxLength+1)
	if length == 0 {
		return nil
	}
	buffer := make([]byte, length)
	data.Send(selGetBytes, unsafe.Pointer(&buffer[0]), length)
	return buffer
}
