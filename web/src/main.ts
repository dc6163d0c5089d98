import { mount } from "svelte";
import "./app/base.css";
import App from "./app/App.svelte";
import { Looks } from "./app/looks.svelte.ts";

const page = document.getElementById("page");
if (page) mount(App, { target: page, props: { looks: new Looks() } });
