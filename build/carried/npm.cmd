@echo off
rem npm of a bundle, on the Node that came with it: npm start, npm test
setlocal
set "carried=%~dp0node_modules\.graft-cache"
for /d %%n in ("%carried%\node-*") do set "PATH=%%n\node\bin;%%n\node;%PATH%"
node "%carried%\npm\bin\npm-cli.js" %*
