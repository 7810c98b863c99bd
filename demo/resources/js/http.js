// Echo looks for a global axios when it is made, to add X-Socket-ID to its requests. A module's imports
// run before its own lines, so this has to be a module of its own, imported before echo.js.
import axios from 'axios';

window.axios = axios;
window.axios.defaults.headers.common['X-Requested-With'] = 'XMLHttpRequest';
window.axios.defaults.headers.common.Accept = 'application/json';
window.axios.defaults.timeout = 15000;
