package server

// Finish ends a server as Serve does, with another patience.
var Finish = finish
