@echo off
rem graft: the command line of an installed Graft, on the Node that came with it.
"%~dp0node.exe" "%~dp0engine\cli.mjs" %*
