package main

// The console of the process, even when its input and output are redirected.
const terminalIn, terminalOut = "CONIN$", "CONOUT$"
