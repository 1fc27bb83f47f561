package main
func measureWindow(*run,*section) error {return nil}
func measureTables(*run,*section) error {return nil}
