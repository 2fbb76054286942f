/** The entry of the standalone executable: first its arguments as the rest expects them, then the rest. */
import "./argv.js";
import "../main.js";
