@echo off
rem The command line of a bundle, on the Node that came with it: graft doctor
setlocal
for /d %%n in ("%~dp0node_modules\.graft-cache\node-*") do set "PATH=%%n\node\bin;%%n\node;%PATH%"
node "%~dp0build\graft.mjs" %*
